import { randomUUID } from 'node:crypto';
import { StoreError } from '../errors.ts';
import type { Emit } from '../log-event.ts';
import type { Store } from '../grants/store.ts';
import type { Endpoints } from '../http/endpoints.ts';
import { askOnce } from './ask-once.ts';
import { createEventCounts } from './event-counts.ts';
import { NONE, timeTokenRequests } from './latencies.ts';
import type { Latencies } from './latencies.ts';
import { listenForAdmin, plain } from './listen.ts';
import type { AdminAnswer, AdminListener } from './listen.ts';
import { renderMetrics } from './metrics.ts';
import { createReadiness, PATIENCE_MS } from './readiness.ts';

export type AdminContext = {
  readonly store: Pick<Store, 'listKeys' | 'countDeliveriesWaiting'>;
  noticeKey(newestKeyNumber: number): boolean;
  openRequests(): number;
  /** For what goes wrong here. */
  readonly emit: Emit;
};

/** What operators' machines ask of a node. It counts from when it is made, and listens once it is told where. */
export type Admin = {
  /** Has to be told every event. */
  readonly count: Emit;
  /** Puts a watch on the endpoints. */
  time(endpoints: Endpoints): Endpoints;
  /** From now on requests are served, or no longer. */
  enter(stage: 'serving' | 'stopping'): void;
  /** Rejects where the address cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<AdminListener>;
};

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /livez`, `GET /readyz` and `GET /metrics`. */
export const createAdmin = ({ store, noticeKey, openRequests, emit }: AdminContext): Admin => {
  let stage: 'starting' | 'serving' | 'stopping' = 'starting';
  let readLatencies: (() => Latencies) | undefined;
  const events = createEventCounts();
  const readiness = createReadiness({ store, noticeKey, stage: () => stage });
  const countWaiting = askOnce(() => store.countDeliveriesWaiting(), PATIENCE_MS);

  const readWaiting = async (): Promise<number | undefined> => {
    try {
      const waiting = await countWaiting();
      return waiting === 'too_late' ? undefined : waiting;
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
      deliveriesWaiting,
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
    enter(next) {
      stage = next;
    },
    listen: (address) =>
      listenForAdmin(address, routes, (error) => {
        const cause = error instanceof Error ? (error.stack ?? error.message) : '';
        emit({ event: 'internal.error', requestId: randomUUID(), cause });
      }),
  };
};
