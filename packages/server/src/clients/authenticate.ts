import { toSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Caller, Emit } from '../log-event.ts';
import type { Client, ClientSecret } from './client.ts';
import { digestSecret, findSecret } from './secret.ts';
import type { Attempt, Throttle, Throttled } from './throttle.ts';

/** What a request claims to be. */
export type Credentials = {
  readonly clientId: string;
  /** `undefined` where none was sent, as public clients do. */
  readonly clientSecret: string | undefined;
};

/** What clients are authenticated with: one for all endpoints of a server, or guessing at one would not slow the others. */
export type Authentication<Reading> = {
  readonly readClient: (clientId: string) => Promise<Reading>;
  readonly throttle: Throttle;
  /** Told the secret that proved a client, at every request. Must not throw and must not wait. */
  readonly noteSecretUse: (secret: ClientSecret, nowMs: number) => void;
  readonly emit: Emit;
};

/** A request whose client is to be authenticated. */
export type AuthenticationRequest = {
  /** The dialect of the endpoint. */
  readonly dialect: string;
  /** Whether the endpoint serves clients of every dialect; else only those of its own. */
  readonly isForEveryDialect?: boolean;
  /**
   * The ways to read what was sent: HTTP Basic is form-encoded by some clients and raw by others (RFC 6749 §2.3.1
   * against what is in the field), so a dialect may offer both.
   */
  readonly readings: readonly Credentials[];
  readonly caller: Caller;
  readonly requestId: string;
  /** Integer milliseconds. */
  readonly nowMs: number;
};

const CLIENT_ID_MAX_CHARACTERS = 256;

/**
 * The client a request comes from, proven by its secret, as it was read. Throws a `Refusal` where no reading fits, or
 * where there were too many failures, of an address before any secret is looked at; nothing about any token has been
 * read by then.
 */
export const authenticate = async <Reading extends { readonly client: Client | undefined }>(
  authentication: Authentication<Reading>,
  request: AuthenticationRequest,
): Promise<Reading & { readonly client: Client }> => {
  const { readClient, throttle, noteSecretUse } = authentication;
  const { readings, caller, nowMs } = request;
  const failures: Attempt[] = [];
  let reason: RefusalReason = 'client_unknown';
  let refusedId: string | undefined;
  for (const { clientId, clientSecret } of readings) {
    const reading = clientId.length <= CLIENT_ID_MAX_CHARACTERS ? await readClient(clientId) : undefined;
    const client = reading?.client;
    // From here to where the outcome is noted nothing waits, so that guesses sent all at once are counted one by one.
    // A public client has no secret to guess: what fails under its id is its address's alone, and who sends no secret
    // for it guesses nothing and waits for nobody.
    const isPublic = client?.type === 'public';
    const attempt = { address: caller.address, clientId: isPublic ? undefined : client?.id, nowMs };
    const throttled = isPublic && clientSecret === undefined ? undefined : throttle.judge(attempt);
    // At a full bucket of the client's alone its own secret still goes through: guessers fill that from everywhere, and the
    // client may be new at its address. With 256 bits to guess, being told of a right guess helps nobody.
    if (throttled !== undefined && throttled.bucket !== 'client')
      throw tellThrottled(authentication.emit, request, client, throttled);
    const proof = prove(client, clientSecret, toSeconds(nowMs));
    const fault = faultOf(client, proof, request);
    if (throttled !== undefined && fault !== undefined)
      throw tellThrottled(authentication.emit, request, client, throttled);
    if (fault === undefined && reading !== undefined) {
      for (const failure of failures) throttle.takeBackFailure(failure);
      if (typeof proof === 'object') {
        throttle.noteSuccess(attempt);
        noteSecretUse(proof, nowMs);
      }
      return reading as Reading & { readonly client: Client };
    }
    // A right secret that opens nothing counts too, or the count would tell that it is right.
    throttle.noteFailure(attempt);
    failures.push(attempt);
    if (fault === 'client_unknown') continue;
    reason = fault ?? reason;
    refusedId = client?.id;
    if (reason !== 'client_secret_wrong') break;
  }
  throw new Refusal(reason, [], { clientId: refusedId });
};

/** The secret that proves the client; `public` for one that needs none. */
const prove = (
  client: Client | undefined,
  clientSecret: string | undefined,
  now: number,
): ClientSecret | 'public' | undefined => {
  if (clientSecret === undefined) return client?.type === 'public' ? 'public' : undefined;
  return findSecret(client?.secrets ?? [], digestSecret(clientSecret), now);
};

const faultOf = (
  client: Client | undefined,
  proof: ReturnType<typeof prove>,
  { dialect, isForEveryDialect = false }: AuthenticationRequest,
): 'client_unknown' | 'client_secret_wrong' | 'client_of_other_dialect' | 'client_disabled' | undefined => {
  if (client === undefined) return 'client_unknown';
  if (proof === undefined) return 'client_secret_wrong';
  if (!isForEveryDialect && client.dialect !== dialect) return 'client_of_other_dialect';
  return client.disabledAt === undefined ? undefined : 'client_disabled';
};

const tellThrottled = (
  emit: Emit,
  { dialect, requestId, caller }: AuthenticationRequest,
  client: Client | undefined,
  { bucket, retryAfterSeconds, report }: Throttled,
): Refusal => {
  const clientId = bucket === 'address' ? undefined : client?.id;
  if (report !== undefined)
    emit({ event: 'client.throttled', dialect, requestId, caller, bucket, clientId, ...report });
  return new Refusal('throttled', [], { retryAfterSeconds });
};
