import { createThrottle } from '../clients/throttle.ts';
import type { Throttle } from '../clients/throttle.ts';
import type { Config } from '../config.ts';
import type { DemoContext } from '../connect/demo/demo-clients.ts';
import { createConnectRoutes } from '../connect/routes.ts';
import { createUpstream } from '../connect/sign-in/upstream.ts';
import type { Upstream } from '../connect/sign-in/upstream.ts';
import { createHttpVehicleSource } from '../connect/vehicles/http-vehicle-source.ts';
import { createOwnerVehicles } from '../connect/vehicles/owner-vehicles.ts';
import { SELECTION_STATE_MAX_CHARACTERS, sealSelection } from '../connect/vehicles/selection.ts';
import type { VehicleSource } from '../connect/vehicles/vehicle-source.ts';
import type { Deployment } from '../deployment/open.ts';
import type { Dialect, RouteActions } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import type { Emit } from '../log-event.ts';
import { createDemoResource } from '../http/demo-resource.ts';
import { createResourceServerRoutes } from '../http/resource-server-routes.ts';
import type { RouteGroup } from '../wire/route.ts';
import { createPublishedKeys } from '../http/published-keys.ts';
import { createRegistrationRoutes } from '../http/client-registration.ts';
import type { SecretUses } from '../http/secret-uses.ts';
import type { EndpointContext } from '../http/context.ts';
import { disconnectVehicles } from '../operations/disconnect-vehicles.ts';
import { SERIAL_MAX } from '../tokens/access-token.ts';

/** What the endpoints of a server work with. `issuer` is asked at each request, because a listening server learns it late. */
export const createEndpointContext = (
  deployment: Deployment,
  config: Config,
  {
    issuer,
    mtlsUrl,
    secretUses,
    emit,
  }: {
    readonly issuer: () => string;
    readonly mtlsUrl: () => string | undefined;
    readonly secretUses: SecretUses;
    readonly emit: Emit;
  },
): EndpointContext => {
  const { store, time, clock, randomness, egress } = deployment;
  // From a random start, so that a process that follows another within a second does not repeat its access tokens.
  let serial = Math.floor(randomness.fraction() * (SERIAL_MAX + 1));
  return {
    store,
    authentication: {
      readClient: (id) => store.readClient(id),
      throttle: openThrottle(config),
      noteSecretUse: secretUses.note,
      issuer,
      readPublishedKeys: createPublishedKeys({ egress, monotonic: time.monotonic, emit }),
      useOnce: (use, dropBeforeMs) => store.useOnce(use, dropBeforeMs),
      monotonic: time.monotonic,
      doubt: time.doubt,
      emit,
    },
    get keyRing() {
      return deployment.keyRing;
    },
    noticeKeys: deployment.noticeKeys,
    nextSerial: () => (serial = serial === SERIAL_MAX ? 0 : serial + 1),
    get issuer() {
      return issuer();
    },
    get mtlsUrl() {
      return mtlsUrl();
    },
    clock,
    doubt: time.doubt,
    needsNonces: config.requireProofNonces,
    randomness,
    emit,
  };
};

/** Every route besides the token endpoints. */
export const createRouteGroups = (
  context: EndpointContext,
  deployment: Deployment,
  config: Config,
  {
    demo,
    more,
  }: {
    readonly demo: DemoContext | undefined;
    /** Further members of the metadata. */
    readonly more: Readonly<Record<string, unknown>> | undefined;
  },
): readonly RouteGroup[] => {
  const connect = createConnectRoutes({
    store: context.store,
    get keyRing() {
      return deployment.keyRing;
    },
    noticeKeys: deployment.noticeKeys,
    clock: deployment.clock,
    doubt: deployment.doubt,
    // Visits are counted in real time, also where a host moves the clock.
    monotonic: () => Math.round(performance.now()),
    randomness: deployment.randomness,
    emit: context.emit,
    get publicUrl() {
      return context.issuer;
    },
    scopes: deployment.scopes,
    data: deployment.data,
    isDemo: config.demo,
    requirePushedRequests: config.requirePushedRequests,
    demo: config.demo ? demo : undefined,
    upstream: openUpstream(config, context.emit),
    vehicles: openVehicles(config),
    grantEventDays: config.grantEventDays,
    visitLimits: {
      perAddressMax: config.ownerVisitsPerAddressMax,
      inTotalMax: config.ownerVisitsMax,
    },
  });
  const actions: RouteActions = {
    selectionLinks: {
      publicUrl: () => context.issuer,
      stateMaxCharacters: SELECTION_STATE_MAX_CHARACTERS,
      seal: (selection, nowMs) => sealSelection(deployment.keyRing, selection, nowMs),
    },
    disconnectVehicles: (access, ids, options) => disconnectVehicles(context, access, ids, options),
  };
  const dialects: readonly Dialect[] = Object.values(DIALECTS);
  return [
    connect,
    ...(config.demo ? [createDemoResource(context)] : []),
    ...dialects.flatMap((dialect) => dialect.createRoutes?.(context, dialect, actions) ?? []),
    createResourceServerRoutes(context, {
      scopes: deployment.scopes,
      data: deployment.data,
      isDemo: config.demo,
      metadataDialect: config.metadataDialect,
      requirePushedRequests: config.requirePushedRequests,
      clientRegistration: config.clientRegistration,
      moreMetadata: more,
    }),
    createRegistrationRoutes(context, {
      isOn: config.clientRegistration,
      dialects: deployment.dialects,
      scopes: deployment.scopes,
    }),
  ];
};

/** One for every endpoint, so that failures at all of them count together. */
const openThrottle = (config: Config): Throttle =>
  createThrottle({
    failuresPerAddressMax: config.authenticationFailuresPerAddressMax,
    failuresPerClientMax: config.authenticationFailuresPerClientMax,
    windowSeconds: config.authenticationFailuresWindowSeconds,
  });

const openUpstream = (config: Config, emit: Emit): Upstream | undefined => {
  const { signInIssuer: issuer, signInClientId: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  const settings = {
    issuer,
    clientId,
    clientSecret: config.signInClientSecret,
    clientAuthentication: config.signInClientAuthentication,
    scope: config.signInScope,
  };
  return createUpstream(settings, ([cause = '', ...others]) =>
    emit({ event: 'sign_in.entries_left_out', count: 1 + others.length, cause }),
  );
};

const openVehicles = ({ vehiclesUrl: url, vehiclesToken: token }: Config): VehicleSource =>
  createOwnerVehicles(url === undefined ? undefined : createHttpVehicleSource({ url, token }));
