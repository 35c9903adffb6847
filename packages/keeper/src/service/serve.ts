import type { Keeper } from '../keeper.ts';
import { partsOf } from '../keeper-parts.ts';
import type { Millis } from '../time.ts';
import { createPost } from '../webhooks/post.ts';
import { createSender } from '../webhooks/sender.ts';
import { createApp } from './app.ts';
import { openKeyBook } from './key-book.ts';
import { listen } from './listen.ts';
import { createMetrics } from './metrics/metrics.ts';
import { checkOptions } from './options.ts';
import type { ServiceOptions } from './options.ts';
import { Problem, retryAfter } from './problem.ts';
import type { ServiceContext } from './route.ts';
import { createReadiness } from './routes/about-routes.ts';
import { createRoutes } from './routes/all-routes.ts';
import { createWrongKeys } from './wrong-keys.ts';

/** A service that runs. */
export type Service = {
  readonly url: string;
  /**
   * Stops in order: no new refreshes, open requests and exchanges finish, the spool is flushed, and the keeper's store is
   * closed last. Give it 75 seconds.
   */
  close(options?: { readonly requestsMs?: Millis; readonly exchangesMs?: Millis }): Promise<void>;
};

/** Requests finish within 10 seconds, webhooks within 2, exchanges within 60: together less than the 75 seconds of the manifests. */
const REQUESTS_MS = 10_000;
const WEBHOOKS_MS = 2000;
const EXCHANGES_MS = 60_000;

/** Serves a keeper over HTTP. It belongs to the service from now on: `close` closes both. Throws `KeeperError`. */
export const serve = async (keeper: Keeper, options: ServiceOptions = {}): Promise<Service> => {
  const checked = checkOptions(options);
  const { log } = checked;
  const parts = partsOf(keeper);
  const { clock, keys, store } = parts.engine;
  let isStopping = false;
  const waiting = createWaiting(checked.waitingMax);
  const context: ServiceContext = {
    keeper,
    parts,
    reconnectUrl: checked.reconnectUrl,
    waiting: waiting.run,
    isStopping: () => isStopping,
  };
  const book = await openKeyBook(store, keys, clock, log);
  const readiness = createReadiness(context);
  const metrics = createMetrics(
    {
      context,
      endpoints: checked.webhooks,
      waiting: waiting.count,
      isReady: async () => (await readiness()) === undefined,
    },
    () => routes,
  );
  const routes = createRoutes(readiness, metrics);
  const unobserve = parts.observe(metrics.note);
  const app = createApp(routes, {
    context,
    book,
    wrongKeys: createWrongKeys(clock),
    forwardedHops: checked.forwardedHops,
    onAnswer: metrics.noteRequest,
    onBug: (error) => log({ event: 'service.failed', reason: describe(error) }),
  });
  for (const { path, fetch } of checked.mounted) {
    app.all(path, ({ req }) => fetch(req.raw));
    app.all(`${path === '/' ? '' : path}/*`, ({ req }) => fetch(req.raw));
  }
  const listener = await listen(app.fetch as never, checked).catch(async (error: unknown) => {
    unobserve();
    await book.stop();
    throw error;
  });
  log({ event: 'service.listening', url: listener.url });
  const sender = createSender({
    store,
    clock,
    endpoints: checked.webhooks,
    post: createPost(checked.isWebhookAddressAllowed),
    reconnectUrl: checked.reconnectUrl,
    chance: parts.engine.chance,
    report(event) {
      log(event);
      metrics.note(event);
    },
    queueMax: checked.webhookQueueMax,
    deploymentId: (await store.identity()).deploymentId,
  });
  // A copy of a store sends nothing.
  if (keeper.quarantine() === undefined) sender.start();
  let closing: Promise<void> | undefined;
  const close = async (requestsMs: Millis, exchangesMs: Millis): Promise<void> => {
    isStopping = true;
    log({ event: 'service.stopping' });
    await parts.loop.stop();
    await listener.close(requestsMs);
    await Promise.all([book.stop(), sender.stop(WEBHOOKS_MS)]);
    await keeper.close({ waitMs: exchangesMs });
    unobserve();
    log({ event: 'service.stopped' });
  };
  return {
    url: listener.url,
    close: ({ requestsMs = REQUESTS_MS, exchangesMs = EXCHANGES_MS } = {}) =>
      (closing ??= close(requestsMs, exchangesMs)),
  };
};

/** Bounds the requests that wait for a refresh. */
const createWaiting = (
  most: number,
): { readonly run: ServiceContext['waiting']; readonly count: () => number } => {
  let waiting = 0;
  const run: ServiceContext['waiting'] = async (work) => {
    if (waiting >= most)
      throw new Problem(
        'overloaded',
        `${most} requests are waiting for refreshes`,
        { remedy: 'Try again after Retry-After.' },
        retryAfter(2000),
      );
    waiting += 1;
    try {
      return await work();
    } finally {
      waiting -= 1;
    }
  };
  return { run, count: () => waiting };
};

/** A bug, for the log of this node. A stack has places in the code, and no values. */
const describe = (error: unknown): string =>
  error instanceof Error
    ? `${error.name} at ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`
    : 'unknown';
