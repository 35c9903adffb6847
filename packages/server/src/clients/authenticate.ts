import type { Clock, ClockDoubt, Millis } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { ClientReason, RefusalReason } from '../errors.ts';
import type { Caller, Emit } from '../log-event.ts';
import type { Client, ClientSecret } from './client.ts';
import { allowsMethod, verifyCredentials } from './credentials.ts';
import type { AuthenticationMethod, Credentials, Proof } from './credentials.ts';
import type { Attempt, Throttle, Throttled } from './throttle.ts';

/** What authentication works with: one for all endpoints of a server, so that guesses at any of them count together. */
export type Authentication<Reading> = {
  readonly readClient: (clientId: string) => Promise<Reading>;
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

/**
 * The authenticated client of a request, as it was read from the store. Throws a `Refusal` where no reading fits or
 * where the throttle refuses. Reads nothing about tokens.
 */
export const authenticate = async <Reading extends { readonly client: Client | undefined }>(
  authentication: Authentication<Reading>,
  request: AuthenticationRequest,
): Promise<Reading & { readonly client: Client }> => {
  const { readClient, throttle, noteSecretUse, monotonic } = authentication;
  const { readings, caller, nowMs } = request;
  const now = { nowMs, doubt: authentication.doubt() };
  const failures: Attempt[] = [];
  let reason: RefusalReason = 'client_unknown';
  let refusedId: string | undefined;
  let full: FullBucket | undefined;
  for (const credentials of readings) {
    const { clientId } = credentials;
    const reading = clientId.length <= CLIENT_ID_MAX_CHARACTERS ? await readClient(clientId) : undefined;
    const client = reading?.client;
    // Nothing waits from here until the outcome is counted, so that guesses sent all at once are counted one by one.
    const proof = verifyCredentials(client, credentials, now);
    const fault = faultOf(client, proof, { ...request, method: credentials.method });
    // The right secret always gets through, because others may have filled the buckets. With 256 bits to guess, the answer
    // to a right guess helps nobody, and checking one costs less than refusing it.
    if (fault === undefined && reading !== undefined) {
      for (const failure of failures) throttle.takeBackFailure(failure);
      if (typeof proof === 'object') noteSecretUse(proof, nowMs);
      return reading as Reading & { readonly client: Client };
    }
    // A public client has no secret to guess: failures under its id count against the address only.
    const guessedId = client?.type === 'public' ? undefined : client?.id;
    const attempt = { address: caller.address, clientId: guessedId, nowMs: monotonic() };
    const throttled = throttle.judge(attempt);
    if (throttled !== undefined) {
      full ??= { client, throttled };
      continue;
    }
    // A right secret of a disabled client counts too, or the count would show that it is right.
    throttle.noteFailure(attempt);
    failures.push(attempt);
    if (fault === 'client_unknown') continue;
    reason = fault ?? reason;
    refusedId = client?.id;
    if (reason !== 'client_secret_wrong') break;
  }
  if (full !== undefined) throw refuseThrottled(authentication.emit, request, full);
  throw new Refusal(reason, [], { clientId: refusedId });
};

/** The first reading that found a bucket full, and the client that it named. */
type FullBucket = { readonly client: Client | undefined; readonly throttled: Throttled };

const faultOf = (
  client: Client | undefined,
  proof: Proof | undefined,
  {
    dialect,
    isForEveryDialect = false,
    method,
  }: AuthenticationRequest & { readonly method: AuthenticationMethod },
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
