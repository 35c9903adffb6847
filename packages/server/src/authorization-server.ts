import type { RequestListener } from 'node:http';
import type { LogLines } from './admin/metrics.ts';
import type { Admin } from './admin/start-admin.ts';
import { parseConfig } from './config.ts';
import type { Config, Settings } from './config.ts';
import type { DemoClients, DemoContext } from './connect/demo/demo-clients.ts';
import { followClock } from './deployment/clock.ts';
import { refuseOpenFiles } from './deployment/file-modes.ts';
import { openNode } from './deployment/open-node.ts';
import { openDeployment } from './deployment/open.ts';
import type { Deployment, DeploymentOptions } from './deployment/open.ts';
import { openAdministration } from './composition/admin.ts';
import { createEndpointContext, createRouteGroups } from './composition/endpoints.ts';
import { OperatorError } from './errors.ts';
import { guardEmit } from './composition/guard-emit.ts';
import type { TlsIdentity } from './http/edge.ts';
import { createEndpoints } from './http/endpoints.ts';
import type { Endpoints, RouteTable } from './http/endpoints.ts';
import { createFetchHandler } from './http/fetch-handler.ts';
import type { FetchHandler } from './http/fetch-handler.ts';
import { createForwardingWatch } from './http/ignored-forwarding.ts';
import { createClientCertificates } from './http/client-certificates.ts';
import { createLoad } from './http/load.ts';
import { createMountPath, parseBasePath } from './http/mount-path.ts';
import { createRequestHandler } from './http/request-handler.ts';
import type { HandlerContext } from './http/request-handler.ts';
import { createSecretUses } from './http/secret-uses.ts';
import { createValueHandler } from './http/value-handler.ts';
import type { ValueHandler } from './http/value-handler.ts';
import type { Emit } from './log-event.ts';
import { createListeners } from './composition/listeners.ts';
import type { Listening } from './composition/listeners.ts';
import { openLiveEvents } from './live/publish.ts';
import type { LiveEvents } from './live/publish.ts';
import { PACKAGE_VERSION } from './package-version.ts';
import { readLogBytes } from './stores/sqlite/log-size.ts';
import { systemRandomness } from './randomness.ts';
import { storeNameOf } from './deployment/names.ts';
import { makeDirectory } from './stores/directory.ts';
import { startTracing } from './tracing/tracing.ts';
import type { Tracing } from './tracing/tracing.ts';
import type { Sender } from './webhooks/sender.ts';
import { startSending } from './webhooks/start-sending.ts';

/** What a server is made with besides its configuration. */
export type ServerOptions = Omit<DeploymentOptions, 'createIfMissing'> & {
  /**
   * The path under which the host mounts the server, such as `/auth`, if the host leaves it in the URL. Express and Hono's
   * `mount` remove it. The path of `publicUrl` is not used for this, because proxies remove it.
   */
  readonly basePath?: string | undefined;
  /** The clients of a demo, whose callback is then a page of this server. Without the setting `demo` it has no effect. */
  readonly demoClients?: DemoClients | undefined;
  /** The certificate and the key of the public listener, in PEM. Absent for HTTP without TLS, behind a proxy that has it. */
  readonly tls?: TlsIdentity | undefined;
  /** Further members of the metadata (RFC 8414 §2), such as `service_documentation`. They replace none of the server's own. */
  readonly moreMetadata?: Readonly<Record<string, unknown>> | undefined;
  /** Counts the lines of the log, if the host writes one and wants the numbers among the metrics. */
  readonly logLines?: (() => LogLines) | undefined;
};

/** An authorization server: every endpoint, the owners' pages, and the delivery of webhooks. */
export type AuthorizationServer = {
  /** Answers the requests of a `node:http` server, of Express or Fastify. Throws `OperatorError` if the issuer is unknown. */
  readonly handler: RequestListener;
  /** Answers requests of the Fetch standard. Throws `OperatorError` if the issuer is unknown. */
  readonly fetch: FetchHandler;
  /** Answers requests as plain values. Throws `OperatorError` if the issuer is unknown. */
  readonly respond: ValueHandler;
  /** Its store, keys, clock and randomness. The functions for clients and grants take it. */
  readonly deployment: Deployment;
  /** Every route that it serves, as in `GET /v2.0/vehicles/{id}`. */
  readonly routes: readonly string[];
  /** The issuer: `publicUrl` of the configuration, or else where it listens. Throws `OperatorError` if neither is known. */
  readonly publicUrl: string;
  /** Listens on the configured addresses; further calls answer the same. Throws `OperatorError` if an address cannot be used. */
  listen(): Promise<Listening>;
  /** Listens for probes and metrics only; for a server that a host mounts. Answers the address, if one is configured. */
  listenForAdmin(): Promise<string | undefined>;
  /** Reports a log event as the server's own events are reported: to `emit`, the counters and the followers. */
  readonly report: Emit;
  /** Delivers due webhooks now. A server does so by itself every few seconds, and when its own store has something due. */
  deliverWebhooks(): void;
  /** Resolves when no delivery is due and no attempt is running: after `deliverWebhooks`, all that was due was attempted. */
  settleWebhooks(): Promise<void>;
  /** Finishes what is open, then closes the store, unless the store was passed in. */
  close(): Promise<void>;
};

/**
 * Makes a server from settings, which are checked. It makes the data directory, the store and the key file on the first
 * start, unless a store is passed in. Throws `OperatorError`.
 */
export const createAuthorizationServer = async (
  settings: Settings,
  options: ServerOptions = {},
): Promise<AuthorizationServer> => {
  const config = parseConfig({ file: settings });
  refuseOpenFiles(config, options);
  const basePath = parseBasePath(options.basePath ?? '');
  const emit = guardEmit(options.emit ?? (() => {}));
  let live: LiveEvents | undefined;
  const followers: Emit[] = [];
  const tracing = await startTracing(options.randomness ?? systemRandomness, PACKAGE_VERSION);
  const report: Emit = (event) => {
    emit(tracing === undefined ? event : tracing.note(event));
    for (const follow of followers) follow(event);
    administration?.follow(event);
    live?.publish(event);
  };
  const deployment = await openDeployment(config, { ...options, emit: report, createIfMissing: true });
  const { store, time } = deployment;
  const node = openNode(deployment, config, {
    isOwnStore: options.store === undefined,
    isRehearsal: options.store !== undefined && hasOwnClock(options),
  });
  followers.push(node.note);
  const load = createLoad(config.concurrentRequestsMax);
  const administration = openAdministration(deployment, config, {
    openRequests: load.open,
    logLines: options.logLines,
    storeLogBytes: logBytesOf(config, options),
    emit: report,
    settleTroubles: node.settleTroubles,
    node: node.node,
    examine: node.examine,
  });
  if (options.store === undefined) live = await openLive(config, report, deployment);
  time.report();
  // A clock that the host moves is no clock to compare.
  const following = hasOwnClock(options) ? undefined : followClock(store, time);
  let listeningUrl = '';
  let mtlsListeningUrl: string | undefined;
  /** Empty until it is known. No request is answered before that. */
  const issuer = (): string => config.publicUrl ?? listeningUrl;
  /** The handler, once the issuer is known. */
  const ready = <Handler>(handler: Handler): Handler => {
    requireIssuer(issuer());
    // The host listens, and this server does not know where.
    if (listeningUrl === '') node.begin('');
    return handler;
  };
  const secretUses = createSecretUses(store);
  const mtlsUrl = (): string | undefined => config.mtlsPublicUrl ?? mtlsListeningUrl;
  const context = createEndpointContext(deployment, config, { issuer, mtlsUrl, secretUses, emit: report });
  const demo = demoOf(options.demoClients, () => endpoints);
  const groups = createRouteGroups(context, deployment, config, { demo, more: options.moreMetadata });
  const endpoints: RouteTable = createEndpoints(context, groups);
  const handlerContext = {
    limits: config,
    endpoints: observe(endpoints, administration?.admin, tracing),
    load,
    emit: report,
    mountPath: createMountPath(basePath),
    watchForwarding: createForwardingWatch(report, config.forwardedHops),
    certificates: hasCertificates(config) ? createClientCertificates(config) : undefined,
  };
  const handlers = createHandlers(handlerContext);
  const sending = sendWebhooks(deployment, config, report, tracing);
  const listeners = createListeners(config, handlerContext, {
    administration,
    tls: options.tls,
    onMtlsListening: (url) => void (mtlsListeningUrl = url),
    onListening(url) {
      listeningUrl = `${url}${basePath}`;
      node.begin(url);
      report({ event: 'server.listening', url });
    },
  });
  const close = async (): Promise<void> => {
    administration?.admin.stop();
    report({ event: 'server.stopping', openRequests: load.open() });
    const graceMs = config.shutdownGraceSeconds * 1000;
    const deadline = performance.now() + graceMs;
    await Promise.all([listeners.closePublic(), sending.stop(graceMs), following?.stop()]);
    await load.stop(Math.max(0, deadline - performance.now()));
    await live?.close();
    await secretUses.settle();
    await node.stop();
    await administration?.close();
    await listeners.closeAdmin();
    await deployment.close();
  };
  let closed: Promise<void> | undefined;

  return {
    get handler() {
      return ready(handlers.onRequest);
    },
    get fetch() {
      return ready(handlers.fetch);
    },
    get respond() {
      return ready(handlers.respond);
    },
    get publicUrl() {
      return requireIssuer(issuer());
    },
    deployment,
    routes: endpoints.routes,
    listen: listeners.listen,
    listenForAdmin: listeners.listenForAdmin,
    report,
    deliverWebhooks: sending.wake,
    settleWebhooks: sending.settle,
    close: () => (closed ??= close()),
  };
};

const sendWebhooks = (
  deployment: Deployment,
  { grantEventDays }: Config,
  emit: Emit,
  tracing: Tracing | undefined,
): Sender => {
  const { store, noticeKeys, clock, time, randomness, egress, onDeliveries } = deployment;
  return startSending({
    store,
    keyRing: () => deployment.keyRing,
    noticeKeys,
    clock,
    monotonic: time.monotonic,
    earliest: time.earliest,
    chance: randomness.fraction,
    egress,
    emit,
    onDeliveries,
    grantEventDays,
    around: tracing?.traceDeliveries,
  });
};

/** Measured if there is an admin port, and traced if an SDK is registered. */
const observe = (
  endpoints: RouteTable,
  admin: Admin | undefined,
  tracing: Tracing | undefined,
): Endpoints => {
  const timed = admin?.time(endpoints) ?? endpoints;
  return tracing?.traceRequests(timed, endpoints.templateOf) ?? timed;
};

/** Reads the size of the write-ahead log; `undefined` where the store is no file of ours. */
const logBytesOf = (config: Config, { store }: ServerOptions): (() => number) | undefined =>
  store === undefined && config.store === undefined ? () => readLogBytes(storeNameOf(config)) : undefined;

const demoOf = (clients: DemoClients | undefined, endpoints: () => RouteTable): DemoContext | undefined =>
  clients && { clients, send: (request, caller) => endpoints().respond(request, caller) };

/** Throws `OperatorError` where the issuer is empty. */
const requireIssuer = (issuer: string): string => {
  if (issuer !== '') return issuer;
  const remedy =
    'Set publicUrl: a server that a host mounts cannot know under which URL the world reaches it.';
  throw new OperatorError('public_url_missing', 'the public URL of the server is unknown', remedy);
};

/** One for every way in which a host passes requests. */
const createHandlers = (context: HandlerContext) => ({
  onRequest: createRequestHandler(context, { isHosted: true }).onRequest,
  fetch: createFetchHandler(context),
  respond: createValueHandler(context),
});

/** Whether a client can show a certificate at all. */
const hasCertificates = ({ mtlsPort, clientCertificateHeader }: Config): boolean =>
  mtlsPort !== undefined || clientCertificateHeader !== undefined;

const hasOwnClock = ({ clock, monotonic }: ServerOptions): boolean =>
  clock !== undefined && monotonic === undefined;

/** A server whose events cannot be followed still serves. */
const openLive = async (
  config: Config,
  emit: Emit,
  { clock }: Deployment,
): Promise<LiveEvents | undefined> => {
  try {
    makeDirectory(config.data);
    return await openLiveEvents(config.data, { pid: process.pid, clock });
  } catch (error) {
    emit({ event: 'live_events.unavailable', cause: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
};
