import { randomInt } from 'node:crypto';
import type { AdminListener } from './admin/listen.ts';
import { createAdmin } from './admin/start-admin.ts';
import type { Admin } from './admin/start-admin.ts';
import { createThrottle } from './clients/throttle.ts';
import type { Throttle } from './clients/throttle.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { createHttpVehicleSource } from './connect/vehicles/http-vehicle-source.ts';
import { createOwnerVehicles } from './connect/vehicles/owner-vehicles.ts';
import { createConnectRoutes } from './connect/routes.ts';
import { SELECTION_STATE_MAX_CHARACTERS, sealSelection } from './connect/vehicles/selection.ts';
import { createUpstream } from './connect/sign-in/upstream.ts';
import type { Upstream } from './connect/sign-in/upstream.ts';
import type { VehicleSource } from './connect/vehicles/vehicle-source.ts';
import type { Deployment } from './deployment.ts';
import { OperatorError } from './errors.ts';
import type { Emit } from './log-event.ts';
import { listen } from './http/edge.ts';
import { createEndpoints } from './http/endpoints.ts';
import { createPleosVehicles } from './dialects/pleos/vehicles.ts';
import type { Selections } from './dialects/pleos/vehicles.ts';
import { createResourceServerRoutes } from './http/resource-server-routes.ts';
import { createSmartcarVehicles } from './dialects/smartcar/vehicles.ts';
import { createSecretUses } from './http/secret-uses.ts';
import type { EndpointContext } from './http/context.ts';
import { openLiveEvents } from './live/publish.ts';
import type { LiveEvents } from './live/publish.ts';
import { makeDirectory } from './stores/directory.ts';
import { SERIAL_MAX } from './tokens/access-token.ts';
import { startSending } from './webhooks/start-sending.ts';

export { KEY_FILE, openDeployment, STORE_FILE } from './deployment.ts';
export type { Deployment } from './deployment.ts';

/** A running server. `close` finishes what is open, then closes the store. */
export type AuthorizationServer = {
  /** Where it listens. */
  readonly url: string;
  /** Where probes and metrics are answered; `undefined` for nowhere. */
  readonly adminUrl: string | undefined;
  /** Under which the world reaches it. */
  readonly publicUrl: string;
  /** Reports a log event to the log, the counters and the followers. */
  readonly report: Emit;
  close(): Promise<void>;
};

/**
 * Serves every endpoint and the owners' pages, delivers to webhooks, and lets events be followed. Throws
 * `OperatorError` where the address cannot be had.
 */
export const startAuthorizationServer = async (
  deployment: Deployment,
  config: Config,
  emit: Emit = () => {},
  clock: Clock = systemClock,
): Promise<AuthorizationServer> => {
  const live = await openLive(config, emit, clock);
  let openRequests = noRequests;
  const admin = openAdmin(
    deployment,
    config,
    (event) => report(event),
    () => openRequests(),
  );
  const report: Emit = (event) => {
    emit(event);
    admin?.count(event);
    live?.publish(event);
  };
  // From a random start, so that a process which follows another within a second does not repeat its access tokens.
  let serial = randomInt(SERIAL_MAX + 1);
  // Known once the port is.
  let listeningUrl = '';
  const { store } = deployment;
  const secretUses = createSecretUses(store);
  const context: EndpointContext & { readonly issuer: string } = {
    store,
    authentication: {
      readClient: (id) => store.readClient(id),
      throttle: openThrottle(config),
      noteSecretUse: secretUses.note,
      emit: report,
    },
    get keyRing() {
      return deployment.keyRing();
    },
    noticeKey: deployment.noticeKey,
    nextSerial: () => (serial = serial === SERIAL_MAX ? 0 : serial + 1),
    get issuer() {
      return config.publicUrl ?? listeningUrl;
    },
    clock,
    emit: report,
  };
  const selections: Selections = {
    publicUrl: () => context.issuer,
    stateMaxCharacters: SELECTION_STATE_MAX_CHARACTERS,
    seal: (selection, nowMs) => sealSelection(deployment.keyRing(), selection, nowMs),
  };
  const connect = createConnectRoutes({
    store: deployment.store,
    get keyRing() {
      return deployment.keyRing();
    },
    noticeKey: deployment.noticeKey,
    emit: report,
    get publicUrl() {
      return context.issuer;
    },
    isDemo: config.demo,
    upstream: openUpstream(config),
    vehicles: openVehicles(config),
  });
  const groups = [
    connect,
    createSmartcarVehicles(context),
    createPleosVehicles(context, selections),
    createResourceServerRoutes(context),
  ];
  const adminListener = await listenForAdmin(admin, config).catch(async (error: unknown) => {
    await live?.close();
    throw error;
  });
  const endpoints = createEndpoints(context, groups);
  const edge = await listen(config, admin?.time(endpoints) ?? endpoints).catch(async (error: unknown) => {
    await Promise.all([live?.close(), adminListener?.close()]);
    throw describeListenError(error, config, '--port');
  });
  listeningUrl = edge.url;
  openRequests = edge.openRequests;
  admin?.enter('serving');
  report({ event: 'server.listening', url: edge.url });
  const sending = startSending({ ...deployment, clock, emit: report });
  return {
    url: edge.url,
    adminUrl: adminListener?.url,
    publicUrl: context.issuer,
    report,
    async close() {
      admin?.enter('stopping');
      report({ event: 'server.stopping', openRequests: edge.openRequests() });
      await Promise.all([edge.close(), sending.stop(config.shutdownGraceSeconds * 1000)]);
      await live?.close();
      await secretUses.settle();
      await adminListener?.close();
      await deployment.close();
    },
  };
};

/** Before any can come. */
const noRequests = (): number => 0;

const openAdmin = (
  { store, noticeKey }: Deployment,
  { adminPort }: Config,
  emit: Emit,
  openRequests: () => number,
): Admin | undefined =>
  adminPort === undefined ? undefined : createAdmin({ store, noticeKey, openRequests, emit });

const listenForAdmin = async (
  admin: Admin | undefined,
  { adminHost: host, adminPort: port }: Config,
): Promise<AdminListener | undefined> => {
  if (admin === undefined || port === undefined) return undefined;
  return admin.listen({ host, port }).catch((error: unknown) => {
    throw describeListenError(error, { host, port }, '--admin-port');
  });
};

/** One for every endpoint, so that failures at any of them count at all. */
const openThrottle = (config: Config): Throttle =>
  createThrottle({
    failuresPerAddressMax: config.authenticationFailuresPerAddressMax,
    failuresPerClientMax: config.authenticationFailuresPerClientMax,
    windowSeconds: config.authenticationFailuresWindowSeconds,
  });

const openUpstream = (config: Config): Upstream | undefined => {
  const { signInIssuer: issuer, signInClientId: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  return createUpstream({
    issuer,
    clientId,
    clientSecret: config.signInClientSecret,
    scope: config.signInScope,
  });
};

const openVehicles = ({ vehiclesUrl: url, vehiclesToken: token }: Config): VehicleSource =>
  createOwnerVehicles(url === undefined ? undefined : createHttpVehicleSource({ url, token }));

/** A server that cannot be followed serves all the same. */
const openLive = async (config: Config, emit: Emit, clock: Clock): Promise<LiveEvents | undefined> => {
  try {
    makeDirectory(config.data);
    return await openLiveEvents(config.data, { pid: process.pid, clock });
  } catch (error) {
    emit({ event: 'live_events.unavailable', cause: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
};

const describeListenError = (
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
  flag: '--port' | '--admin-port',
): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `${host}:${port}`;
  if (code === 'EADDRINUSE') {
    const remedy = `Stop the other program, or take another port with ${flag} (0 picks a free one).`;
    return new OperatorError('address_in_use', `${where}: another program listens there already`, remedy, {
      cause: error,
    });
  }
  if (typeof code === 'string') {
    const remedy = `Name an address of this machine by ${flag === '--port' ? '--host' : 'KEYFOB_ADMIN_HOST'} and a port of at least 1024 by ${flag}.`;
    return new OperatorError('address_unusable', `${where}: cannot listen there (${code})`, remedy, {
      cause: error,
    });
  }
  return error;
};
