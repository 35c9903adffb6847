import { randomUUID } from 'node:crypto';
import type { ClockSource } from '../clock-source.ts';
import type { ClientReading } from '../clients/client-store.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { Store } from '../grants/store.ts';
import type { Endpoints } from '../http/endpoints.ts';
import { queryOnce } from './query-once.ts';
import { createEventCounts } from './event-counts.ts';
import { NONE, timeTokenRequests } from './latencies.ts';
import type { Latencies } from './latencies.ts';
import { listenForAdmin, plain } from './listen.ts';
import type { AdminAddress, AdminAnswer, AdminListener } from './listen.ts';
import { renderMetrics } from './metrics.ts';
import type { LogLines } from './metrics.ts';
import { createReadiness, STORE_TIMEOUT_MS } from './readiness.ts';

export type AdminContext = {
  readonly store: Pick<Store, 'listKeys' | 'countDeliveriesWaiting'>;
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
  /** Rejects if the address cannot be used. */
  listen(address: AdminAddress): Promise<AdminListener>;
};

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /livez`, `GET /readyz` and `GET /metrics`. */
export const createAdmin = (context: AdminContext): Admin => {
  const { store, noticeKeys, time, openRequests, storeLogBytes, logLines, emit } = context;
  let isStopping = false;
  let readLatencies: (() => Latencies) | undefined;
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

  const answerMetrics = async (): Promise<AdminAnswer> => {
    const isReady = (await readiness()) === 'ready';
    const deliveriesWaiting = isReady ? await readWaiting() : undefined;
    const body = renderMetrics({
      events: events.list(),
      latencies: readLatencies?.() ?? NONE,
      openRequests: openRequests(),
      isReady,
      clockSkewMs: time.skewMs(),
      clockDoubtMs: time.doubt()?.byMs ?? 0,
      deliveriesWaiting,
      logLines: logLines?.(),
      storeLogBytes: storeLogBytes?.(),
    });
    return { status: 200, type: METRICS_TYPE, body };
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
    listen: (address) =>
      listenForAdmin(address, routes, (error) => {
        const cause = error instanceof Error ? (error.stack ?? error.message) : '';
        emit({ event: 'internal.error', requestId: randomUUID(), cause });
      }),
  };
};
