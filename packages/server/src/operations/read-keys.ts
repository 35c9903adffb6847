import { leastAgeMs, readNow, toMillis } from '../clock.ts';
import type { Millis, Seconds, TimeContext } from '../clock.ts';
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
  /** Whether anything of the above may still be in use. */
  readonly isInUse: boolean;
};

const SIGNING: ReadonlySet<RegisteredKey['purpose']> = new Set(['sign', 'sign-rs256']);

/** How long a JWT of any client may be in use after its key was succeeded. */
const readLongestJwt = async (
  store: Pick<OperationContext['store'], 'readLongestAccessTokenLifetime'>,
): Promise<Seconds> => (await store.readLongestAccessTokenLifetime()) + PUBLISHED_BEFORE_SIGNING_SECONDS;

/** A session and what a browser brings back from elsewhere live no longer. */
const SESSION_SECONDS = 1800;

/**
 * The keys of a store, newest first. Counts the grants, which takes a while where there are millions; without `countsGrants`,
 * `grants` is 0 for all. Throws `StoreError`.
 */
export const readKeys = async (
  context: Pick<OperationContext, 'store' | 'keyRing'> & TimeContext,
  { countsGrants = true }: { readonly countsGrants?: boolean } = {},
): Promise<readonly KeyDetails[]> => {
  const { store, keyRing } = context;
  const now = readNow(context);
  const registered = await store.listKeys();
  const states = statesOf(registered);
  const grantsByKey = countsGrants ? await store.countGrantsByKey() : new Map<number, number>();
  const webhooks = await store.listWebhooks();
  const hasSigned = registered.some(
    ({ number, purpose }) => SIGNING.has(purpose) && states.get(number)?.state === 'opens-only',
  );
  const jwtSeconds = hasSigned ? await readLongestJwt(store) : 0;
  return registered.map((key) => {
    const { number, purpose, createdAtMs } = key;
    const { state, sinceMs } = states.get(number) ?? { state: 'active', sinceMs: createdAtMs };
    const livesSeconds = {
      sign: jwtSeconds,
      'sign-rs256': jwtSeconds,
      session: SESSION_SECONDS,
      seal: undefined,
      webhook: undefined,
    }[purpose];
    const grants = purpose === 'seal' ? (grantsByKey.get(number) ?? 0) : 0;
    const mayVerify =
      purpose === 'webhook' ? webhooks.filter(({ keyNumber }) => keyNumber <= number).length : 0;
    const livesMs = livesSeconds === undefined || state !== 'opens-only' ? undefined : toMillis(livesSeconds);
    return {
      ...key,
      state,
      sinceMs,
      isInRing: keyRing.keys.some((one) => one.number === number),
      grants,
      webhooks: mayVerify,
      inUseUntilMs: livesMs === undefined ? undefined : sinceMs + livesMs,
      isInUse: grants > 0 || mayVerify > 0 || (livesMs !== undefined && leastAgeMs(sinceMs, now) < livesMs),
    };
  });
};
