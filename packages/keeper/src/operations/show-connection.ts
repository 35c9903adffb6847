import type { Attempt, Store } from '../stores/store.ts';
import { viewOf } from '../reading/view.ts';
import type { ConnectionView } from '../reading/view.ts';
import { explainState } from './explain-state.ts';

/** One connection with its history. It holds no token. */
export type ShownConnection = ConnectionView & {
  /** Its state in one sentence. */
  readonly why: string;
  /** Every connection that uses the same grant, this one included. */
  readonly sharedBy: readonly string[];
  /** The last sends, newest first. */
  readonly attempts: readonly Attempt[];
  /** By the clock of the store. */
  readonly nowMs: number;
};

/** One connection and its last sends; `undefined` where there is none. */
export const showConnection = async (
  store: Store,
  name: string,
  attemptsMax: number,
): Promise<ShownConnection | undefined> => {
  const grant = await store.find(name);
  if (grant === undefined) return undefined;
  const view = viewOf(name, grant);
  const nowMs = store.nowMs();
  const facts = await store.readClient(grant.client);
  const attempts = await store.attempts(grant.id, attemptsMax);
  const [last] = attemptsMax > 0 ? attempts : await store.attempts(grant.id, 1);
  return {
    ...view,
    why: explainState(view, nowMs, { ...facts?.facts, lastOutcome: last?.outcome }),
    sharedBy: await store.connectionsOf(grant.id),
    attempts,
    nowMs,
  };
};
