import type { Clock, ClockDoubt, Millis } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { ClientReason, RefusalReason } from '../errors.ts';
import { follow } from '../eventual.ts';
import type { Caller, Emit } from '../log-event.ts';
import type { Client, ClientSecret } from './client.ts';
import type { ClientJwk } from './client-keys.ts';
import { allowsMethod, verifyCredentials } from './credentials.ts';
import type { AuthenticationMethod, Credentials, Proof, Unproved } from './credentials.ts';
import type { ProvedAssertion } from './methods/private-key-jwt.ts';
import { isKeyOf } from './methods/tls-client.ts';
import { dropOnceBefore } from './once-store.ts';
import type { OnceStore } from './once-store.ts';
import type { Attempt, Throttle, Throttled } from './throttle.ts';

/** What authentication works with: one for all endpoints of a server, so that guesses at any of them count together. */
export type Authentication<Reading> = {
  /** At once where it is known. */
  readonly readClient: (clientId: string) => Reading | Promise<Reading>;
  readonly throttle: Throttle;
  /** Gets the client and the secret that proved it, at every request. Must not throw and must not wait. */
  readonly noteSecretUse: (clientId: string, secret: ClientSecret, nowMs: Millis) => void;
  /** The issuer identifier of the server, the only audience of assertions. */
  readonly issuer: () => string;
  /**
   * The keys that a client publishes: at once where they are known. They are fetched again where none is wanted. Throws a
   * `Refusal` where they cannot be had.
   */
  readonly readPublishedKeys: (
    client: { readonly id: string; readonly jwksUri: string },
    isWanted: (jwk: ClientJwk) => boolean,
  ) => readonly ClientJwk[] | Promise<readonly ClientJwk[]>;
  /** Notes that an assertion is used. Throws `StoreError`. */
  readonly useOnce: OnceStore['useOnce'];
  /** For the throttle, which a clock that is set must neither fill nor empty. */
  readonly monotonic: Clock;
  /** What is in doubt about the present moment. */
  readonly doubt: () => ClockDoubt | undefined;
  readonly emit: Emit;
};

/** A request whose client is to be authenticated. */
export type AuthenticationRequest<Known = never> = {
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
  /** Called before the assertion of the client is used up. What it throws leaves the assertion good. */
  readonly beforeUse?: ((known: Known) => void) | undefined;
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
  request: AuthenticationRequest<Authenticated<Reading>>,
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
      const { client } = known ?? {};
      const judge = (
        keys: readonly ClientJwk[],
      ): Authenticated<Reading> | Promise<Authenticated<Reading>> => {
        const outcome = judgeGuess(authentication, request, { credentials, client, keys }, guesses);
        if (outcome === 'proved') return known as Authenticated<Reading>;
        if (typeof outcome === 'object')
          return useAssertion(authentication, request, outcome, known as Authenticated<Reading>);
        return tryReading(outcome === 'wrong' ? index + 1 : readings.length);
      };
      const isWanted = wantedKeyOf(credentials, client);
      return isWanted === undefined
        ? judge(NO_KEYS)
        : follow(readKeys(authentication, client, isWanted), judge);
    });
  };
  return tryReading(0);
};

const NO_KEYS: readonly ClientJwk[] = [];

/** Which keys of the client may prove it; `undefined` where credentials are verified without keys. */
const wantedKeyOf = (
  credentials: Credentials,
  client: Client | undefined,
): ((jwk: ClientJwk) => boolean) | undefined => {
  if (credentials.method === 'private_key_jwt') {
    const { kid } = credentials.assertion.header;
    return (jwk) => kid === undefined || jwk.kid === kid;
  }
  const { method } = credentials;
  return method === 'self_signed_tls_client_auth' && client?.policy.clientAuthentication === method
    ? (jwk) => isKeyOf(jwk, credentials.certificate)
    : undefined;
};

/** A disabled client, as one that waits for approval, makes this server call no address. */
const isUnread = ({ disabledAtMs, keys }: Client): boolean =>
  disabledAtMs !== undefined && keys !== undefined && 'jwksUri' in keys;

/** The keys by which a client is verified. They are there before its credentials are judged, which must not wait. */
const readKeys = (
  { readPublishedKeys }: Authentication<unknown>,
  client: Client | undefined,
  isWanted: (jwk: ClientJwk) => boolean,
): readonly ClientJwk[] | Promise<readonly ClientJwk[]> => {
  const { keys } = client ?? {};
  if (client === undefined || keys === undefined || isUnread(client)) return NO_KEYS;
  return 'jwks' in keys ? keys.jwks : readPublishedKeys({ id: client.id, jwksUri: keys.jwksUri }, isWanted);
};

/**
 * Uses an assertion that proved its client. One that was used before is refused, and counts as no guess: a proxy that sends a
 * request again is no thief. Nothing of a grant was read yet.
 *
 * @see RFC 7523 §3, rule 7
 */
const useAssertion = async <Reading extends { readonly client: Client }>(
  { useOnce, emit, doubt }: Authentication<unknown>,
  { dialect, requestId, caller, nowMs, beforeUse }: AuthenticationRequest<Reading>,
  { use, isUntyped }: ProvedAssertion,
  known: Reading,
): Promise<Reading> => {
  beforeUse?.(known);
  const clientId = known.client.id;
  const outcome = await useOnce(use, dropOnceBefore({ nowMs, doubt: doubt() }));
  if (outcome === 'again') throw new Refusal('assertion_replayed', [], { clientId });
  if (isUntyped) emit({ event: 'client.assertion_untyped', dialect, requestId, clientId, caller });
  return known;
};

/**
 * Whether credentials prove their client, and what to do where they do not. Nothing waits in here until the outcome is counted, so
 * that guesses sent all at once are counted one by one.
 */
const judgeGuess = (
  { doubt, throttle, noteSecretUse, monotonic, issuer }: Authentication<unknown>,
  request: AuthenticationRequest,
  {
    credentials,
    client,
    keys,
  }: {
    readonly credentials: Credentials;
    readonly client: Client | undefined;
    readonly keys: readonly ClientJwk[];
  },
  guesses: Guesses,
): ProvedAssertion | 'proved' | 'wrong' | 'refused' => {
  const { caller, nowMs } = request;
  const now = { nowMs, doubt: doubt() };
  const proof = verifyCredentials(client, credentials, { now, issuer: issuer(), keys });
  const fault = faultOf(client, proof, request, credentials.method);
  // The right secret always gets through, because others may have filled the buckets. With 256 bits to guess, the answer
  // to a right guess helps nobody, and checking one costs less than refusing it.
  if (fault === undefined) {
    for (const failure of guesses.failures) throttle.takeBackFailure(failure);
    if (typeof proof === 'object' && 'use' in proof) return proof;
    if (client !== undefined && typeof proof === 'object' && 'id' in proof)
      noteSecretUse(client.id, proof, nowMs);
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

/** What credentials come to without the keys of their client. */
const NOT_PROVED: ReadonlySet<ClientReason> = new Set(['assertion_key_unknown', 'client_secret_wrong']);

const faultOf = (
  client: Client | undefined,
  proof: Proof | Unproved,
  { dialect, isForEveryDialect = false }: AuthenticationRequest,
  method: AuthenticationMethod,
): ClientReason | undefined => {
  const unproved = typeof proof === 'object' && 'reason' in proof ? proof.reason : undefined;
  if (client === undefined)
    return unproved !== undefined && isOfAssertion(unproved) ? unproved : 'client_unknown';
  if (unproved !== undefined && !(isUnread(client) && NOT_PROVED.has(unproved))) return unproved;
  if (!isForEveryDialect && client.dialect !== dialect) return 'client_of_other_dialect';
  if (client.disabledAtMs !== undefined) return 'client_disabled';
  return allowsMethod(client.policy, method) ? undefined : 'client_method_wrong';
};

/** Whether an assertion is wrong by itself, no matter who sent it: then its answer says what is wrong with it. */
const isOfAssertion = (reason: ClientReason): boolean =>
  reason.startsWith('assertion_') &&
  reason !== 'assertion_key_unknown' &&
  reason !== 'assertion_signature_wrong';

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
