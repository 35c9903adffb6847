import { toMillis } from '../clock.ts';
import type { Millis } from '../clock.ts';
import { PUBLISHED_BEFORE_SIGNING_SECONDS } from '../tokens/key-ring.ts';
import { statesOf } from '../tokens/key-state.ts';
import type { KeyState, RegisteredKey } from '../tokens/key-state.ts';
import type { OperationContext } from './context.ts';

/** A key of a store, where it is in its life, and what would end with it. */
export type KeyDetails = RegisteredKey & {
  readonly state: KeyState;
  readonly sinceMs: Millis;
  /** Whether the ring at hand has it. */
  readonly isInRing: boolean;
  /** Grants whose current refresh token it sealed, those included that expired and are not pruned. 0 for other purposes. */
  readonly grants: number;
  /** Webhooks whose receivers may still verify by it. 0 for other purposes. */
  readonly webhooks: number;
  /** Until when JWTs or sessions of it may be in use; `undefined` for other purposes and for an active key. */
  readonly inUseUntilMs: Millis | undefined;
};

/** A session and what a browser brings back from elsewhere live no longer. */
const SESSION_SECONDS = 1800;

/** The keys of a store, newest first. Counts the grants, which takes a while where there are millions. Throws `StoreError`. */
export const readKeys = async ({
  store,
  keyRing,
}: Pick<OperationContext, 'store' | 'keyRing'>): Promise<readonly KeyDetails[]> => {
  const registered = await store.listKeys();
  const states = statesOf(registered);
  const grantsByKey = await store.countGrantsByKey();
  const webhooks = await store.listWebhooks();
  const lifetimes = (await store.listClients()).map(({ policy }) => policy.accessTokenLifetimeSeconds);
  const jwtSeconds = Math.max(0, ...lifetimes) + PUBLISHED_BEFORE_SIGNING_SECONDS;
  return registered.map((key) => {
    const { number, purpose, createdAtMs } = key;
    const { state, sinceMs } = states.get(number) ?? { state: 'active', sinceMs: createdAtMs };
    const livesSeconds = { sign: jwtSeconds, session: SESSION_SECONDS, seal: undefined, webhook: undefined }[
      purpose
    ];
    return {
      ...key,
      state,
      sinceMs,
      isInRing: keyRing.keys.some((one) => one.number === number),
      grants: purpose === 'seal' ? (grantsByKey.get(number) ?? 0) : 0,
      webhooks: purpose === 'webhook' ? webhooks.filter(({ keyNumber }) => keyNumber <= number).length : 0,
      inUseUntilMs:
        livesSeconds === undefined || state !== 'opens-only' ? undefined : sinceMs + toMillis(livesSeconds),
    };
  });
};
