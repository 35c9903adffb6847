import { randomUUID } from 'node:crypto';
import type { ClockSource } from '../clock-source.ts';
import type { ClientReading } from '../clients/client-store.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { Store } from '../grants/store.ts';
import type { Endpoints } from '../http/endpoints.ts';
import { queryOnce } from './query-once.ts';
import { createEventCounts } from './event-counts.ts';
import { timeTokenRequests } from './latencies.ts';
import type { Latencies } from './latencies.ts';
import { plain } from './exchange.ts';
import type { AdminAnswer, AdminPages } from './exchange.ts';
import { listenForAdmin } from './listen.ts';
import type { AdminAddress, AdminListener } from './listen.ts';
import type { LogLines, Metrics } from './metrics.ts';
import { createReadiness, STORE_TIMEOUT_MS } from './readiness.ts';
import type { Readiness } from './readiness.ts';

export type AdminContext = {
  /** Of the package that runs. */
  readonly version: string;
  readonly store: Pick<Store, 'listKeys' | 'countDeliveriesWaiting' | 'figures'>;
  noticeKeys(registered: ClientReading['keys']): boolean;
  readonly time: Pick<ClockSource, 'skewMs' | 'isFarOff' | 'doubt'>;
  openRequests(): number;
  /** `undefined` if the host writes the log. */
  readonly logLines: (() => LogLines) | undefined;
  /** Bytes of the write-ahead log; absent on PostgreSQL. */
  readonly storeLogBytes?: (() => number) | undefined;
  /** Reports failures of the admin listener itself. */
  readonly emit: Emit;
};

/** Probes and metrics of a node. It counts events from its creation on, and listens when `listen` is called. */
export type Admin = {
  /** Must get every log event. */
  readonly count: Emit;
  /** Measures the requests to the endpoints. */
  time(endpoints: Endpoints): Endpoints;
  /** From now on the node is not ready. */
  stop(): void;
  /** Whether the node should get requests. */
  readiness(): Promise<Readiness>;
  /** `pages` answers every other path. Rejects if the address cannot be used. */
  listen(address: AdminAddress, pages: AdminPages): Promise<AdminListener>;
};

/** `GET /livez`, `GET /readyz` and `GET /metrics`. */
export const createAdmin = (context: AdminContext): Admin => {
  const { store, noticeKeys, time, openRequests, storeLogBytes, logLines, emit } = context;
  let isStopping = false;
  let readLatencies: (() => readonly Latencies[]) | undefined;
  let metrics: Metrics | undefined;
  const events = createEventCounts();
  const readiness = createReadiness({
    store,
    noticeKeys,
    isClockFarOff: time.isFarOff,
    isStopping: () => isStopping,
  });
  const countWaiting = queryOnce(() => store.countDeliveriesWaiting(), STORE_TIMEOUT_MS);

  const readWaiting = async (): Promise<number | undefined> => {
    try {
      const waiting = await countWaiting();
      return waiting === 'timed_out' ? undefined : waiting;
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  };

  const answerReady = async (): Promise<AdminAnswer> => {
    const found = await readiness();
    return plain(found === 'ready' ? 200 : 503, found);
  };

  let rendering: Promise<string> | undefined;
  const answerMetrics = async (): Promise<AdminAnswer> => {
    metrics ??= await openMetrics();
    // Everybody who asks meanwhile gets the same: a flood costs one rendering at a time.
    rendering ??= metrics.render().finally(() => (rendering = undefined));
    return { status: 200, type: metrics.contentType, body: await rendering };
  };

  /** Loaded where somebody listens for it: commands and servers without an admin port do without the library. */
  const openMetrics = async (): Promise<Metrics> => {
    const { createMetrics } = await import('./metrics.ts');
    return createMetrics({
      version: context.version,
      events: events.list,
      latencies: () => readLatencies?.() ?? [],
      openRequests,
      isReady: async () => (await readiness()) === 'ready',
      clockSkewMs: time.skewMs,
      clockDoubtMs: () => time.doubt()?.byMs ?? 0,
      deliveriesWaiting: readWaiting,
      logLines,
      storeLogBytes,
      storeFigures: store.figures?.bind(store),
    });
  };

  const routes = new Map([
    ['/livez', async () => plain(200, 'alive')],
    ['/readyz', answerReady],
    ['/metrics', answerMetrics],
  ]);

  return {
    count: events.count,
    time(endpoints) {
      const timed = timeTokenRequests(endpoints);
      readLatencies = timed.read;
      return timed.endpoints;
    },
    stop() {
      isStopping = true;
    },
    readiness,
    async listen(address, pages) {
      // Before the first request, so that the lag of the event loop is observed from the start.
      metrics ??= await openMetrics();
      return listenForAdmin(address, { routes, pages }, (error) => {
        const cause = error instanceof Error ? (error.stack ?? error.message) : '';
        emit({ event: 'internal.error', requestId: randomUUID(), cause });
      });
    },
  };
};
