import type { Clock, ClockDoubt, Millis } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { ClientReason, RefusalReason } from '../errors.ts';
import { follow } from '../eventual.ts';
import type { Caller, Emit } from '../log-event.ts';
import type { Client, ClientSecret } from './client.ts';
import { allowsMethod, verifyCredentials } from './credentials.ts';
import type { AuthenticationMethod, Credentials, Proof } from './credentials.ts';
import type { Attempt, Throttle, Throttled } from './throttle.ts';

/** What authentication works with: one for all endpoints of a server, so that guesses at any of them count together. */
export type Authentication<Reading> = {
  /** At once where it is known. */
  readonly readClient: (clientId: string) => Reading | Promise<Reading>;
  readonly throttle: Throttle;
  /** Gets the secret that proved a client, at every request. Must not throw and must not wait. */
  readonly noteSecretUse: (secret: ClientSecret, nowMs: Millis) => void;
  /** For the throttle, which a clock that is set must neither fill nor empty. */
  readonly monotonic: Clock;
  /** What is in doubt about the present moment. */
  readonly doubt: () => ClockDoubt | undefined;
  readonly emit: Emit;
};

/** A request whose client is to be authenticated. */
export type AuthenticationRequest = {
  /** The dialect of the endpoint. */
  readonly dialect: string;
  /** Whether the endpoint serves clients of every dialect; else only those of its own. */
  readonly isForEveryDialect?: boolean;
  /**
   * The ways to read what was sent; the first that fits counts. Some clients form-encode HTTP Basic, as RFC 6749 §2.3.1
   * asks, and others send it raw, so a header may have two readings.
   */
  readonly readings: readonly Credentials[];
  readonly caller: Caller;
  readonly requestId: string;
  /** Integer milliseconds. */
  readonly nowMs: Millis;
};

const CLIENT_ID_MAX_CHARACTERS = 256;

type Authenticated<Reading> = Reading & { readonly client: Client };

/** What the readings of a request came to so far. */
type Guesses = {
  readonly failures: Attempt[];
  reason: RefusalReason;
  refusedId: string | undefined;
  full: FullBucket | undefined;
};

/**
 * The authenticated client of a request, as it was read from the store: at once where the store has it in memory. Throws a
 * `Refusal` where no reading fits or where the throttle refuses. Reads nothing about tokens.
 */
export const authenticate = <Reading extends { readonly client: Client | undefined }>(
  authentication: Authentication<Reading>,
  request: AuthenticationRequest,
): Authenticated<Reading> | Promise<Authenticated<Reading>> => {
  const { readings } = request;
  const guesses: Guesses = { failures: [], reason: 'client_unknown', refusedId: undefined, full: undefined };
  const tryReading = (index: number): Authenticated<Reading> | Promise<Authenticated<Reading>> => {
    const credentials = readings[index];
    if (credentials === undefined) throw refusalAfter(authentication, request, guesses);
    const { clientId } = credentials;
    const reading =
      clientId.length <= CLIENT_ID_MAX_CHARACTERS ? authentication.readClient(clientId) : undefined;
    return follow<Reading | undefined, Authenticated<Reading>>(reading, (known) => {
      const outcome = judgeGuess(authentication, request, { credentials, client: known?.client }, guesses);
      if (outcome === 'proved') return known as Authenticated<Reading>;
      return tryReading(outcome === 'wrong' ? index + 1 : readings.length);
    });
  };
  return tryReading(0);
};

/**
 * Whether credentials prove their client, and what to do where they do not. Nothing waits in here until the outcome is counted, so
 * that guesses sent all at once are counted one by one.
 */
const judgeGuess = (
  { doubt, throttle, noteSecretUse, monotonic }: Authentication<unknown>,
  request: AuthenticationRequest,
  { credentials, client }: { readonly credentials: Credentials; readonly client: Client | undefined },
  guesses: Guesses,
): 'proved' | 'wrong' | 'refused' => {
  const { caller, nowMs } = request;
  const proof = verifyCredentials(client, credentials, { nowMs, doubt: doubt() });
  const fault = faultOf(client, proof, request, credentials.method);
  // The right secret always gets through, because others may have filled the buckets. With 256 bits to guess, the answer
  // to a right guess helps nobody, and checking one costs less than refusing it.
  if (fault === undefined) {
    for (const failure of guesses.failures) throttle.takeBackFailure(failure);
    if (typeof proof === 'object') noteSecretUse(proof, nowMs);
    return 'proved';
  }
  // A public client has no secret to guess: failures under its id count against the address only.
  const guessedId = client?.type === 'public' ? undefined : client?.id;
  const attempt = { address: caller.address, clientId: guessedId, nowMs: monotonic() };
  const throttled = throttle.judge(attempt);
  if (throttled !== undefined) {
    guesses.full ??= { client, throttled };
    return 'wrong';
  }
  // A right secret of a disabled client counts too, or the count would show that it is right.
  throttle.noteFailure(attempt);
  guesses.failures.push(attempt);
  if (fault === 'client_unknown') return 'wrong';
  guesses.reason = fault;
  guesses.refusedId = client?.id;
  return fault === 'client_secret_wrong' ? 'wrong' : 'refused';
};

const refusalAfter = (
  { emit }: Authentication<unknown>,
  request: AuthenticationRequest,
  { full, reason, refusedId }: Guesses,
): Refusal =>
  full === undefined
    ? new Refusal(reason, [], { clientId: refusedId })
    : refuseThrottled(emit, request, full);

/** The first reading that found a bucket full, and the client that it named. */
type FullBucket = { readonly client: Client | undefined; readonly throttled: Throttled };

const faultOf = (
  client: Client | undefined,
  proof: Proof | undefined,
  { dialect, isForEveryDialect = false }: AuthenticationRequest,
  method: AuthenticationMethod,
): ClientReason | undefined => {
  if (client === undefined) return 'client_unknown';
  if (proof === undefined) return 'client_secret_wrong';
  if (!isForEveryDialect && client.dialect !== dialect) return 'client_of_other_dialect';
  if (client.disabledAtMs !== undefined) return 'client_disabled';
  return allowsMethod(client.policy, method) ? undefined : 'client_method_wrong';
};

const refuseThrottled = (
  emit: Emit,
  { dialect, requestId, caller }: AuthenticationRequest,
  { client, throttled: { bucket, retryAfterSeconds, noteRefused } }: FullBucket,
): Refusal => {
  const report = noteRefused();
  const clientId = bucket === 'address' ? undefined : client?.id;
  if (report !== undefined)
    emit({ event: 'client.throttled', dialect, requestId, caller, bucket, clientId, ...report });
  // The throttle reports these in aggregate.
  return new Refusal('throttled', [], { retryAfterSeconds, isReported: true });
};
