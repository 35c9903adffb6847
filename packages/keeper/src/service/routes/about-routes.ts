import * as v from 'valibot';
import { StoreError } from '../../errors.ts';
import { defineRoute } from '../route.ts';
import type { ServiceContext, ServiceRoute } from '../route.ts';
import { keyIdOf } from '../../vault/seal.ts';

const READY_SHAPE = v.object({
  status: v.picklist(['ready', 'not_ready']),
  /** Why it is not ready. */
  reason: v.nullable(v.string()),
});

/** Everybody may ask, so the store is asked so often at most. */
const ASKED_MS = 1000;

/** Why this node must not get requests; `undefined` where it may. */
export const createReadiness = (context: ServiceContext): (() => Promise<string | undefined>) => {
  const { store, keys, clock } = context.parts.engine;
  let askedAtMs = -Infinity;
  let answer: Promise<string | undefined> = Promise.resolve(undefined);
  const askStore = async (): Promise<string | undefined> => {
    try {
      const { keyCheck } = await store.identity();
      const isKeyThere = keyCheck !== undefined && keys.all.some(({ id }) => id === keyIdOf(keyCheck));
      return isKeyThere ? undefined : 'key_missing';
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return 'store_unavailable';
    }
  };
  return async () => {
    if (context.isStopping()) return 'stopping';
    const quarantine = context.keeper.quarantine();
    if (quarantine !== undefined) return quarantine;
    if (clock.monotonicMs() - askedAtMs >= ASKED_MS) {
      askedAtMs = clock.monotonicMs();
      answer = askStore();
    }
    return answer;
  };
};

/** Health. */
export const createHealthRoutes = (readiness: () => Promise<string | undefined>): readonly ServiceRoute[] => [
  defineRoute({
    method: 'GET',
    path: '/health/live',
    tag: 'about',
    summary: 'Whether the process works',
    scope: undefined,
    answers: { 200: { description: 'It does.', schema: v.object({ status: v.literal('live') }) } },
    problems: [],
    handle: () => ({ status: 200, body: { status: 'live' } }),
  }),
  defineRoute({
    method: 'GET',
    path: '/health/ready',
    tag: 'about',
    summary: 'Whether this node should get requests',
    description:
      'The store can be reached, its key is there, and the node is neither quarantined nor stopping.',
    scope: undefined,
    answers: {
      200: { description: 'It should.', schema: READY_SHAPE },
      503: { description: 'It should not.', schema: READY_SHAPE },
    },
    problems: [],
    async handle() {
      const reason = await readiness();
      return {
        status: reason === undefined ? 200 : 503,
        body: { status: reason === undefined ? 'ready' : 'not_ready', reason: reason ?? null },
      };
    },
  }),
];
