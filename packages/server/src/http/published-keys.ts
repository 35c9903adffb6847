import { JWKS_MAX_BYTES, parseJwks } from '../clients/client-keys.ts';
import type { ClientJwk } from '../clients/client-keys.ts';
import type { Authentication } from '../clients/authenticate.ts';
import type { Clock, Millis } from '../clock.ts';
import type { Egress } from '../egress/egress.ts';
import { Refusal } from '../errors.ts';
import type { Emit } from '../log-event.ts';

/** How long keys are used before they are fetched again: so long a key that its client has withdrawn works on. */
const FRESH_MS: Millis = 600_000;
/** How long keys are used while their client's server does not answer. */
const USABLE_MS: Millis = 3_600_000;
/** At most one fetch per client in this time, whatever requests ask for: a stranger can name any client and any key. */
const FETCH_STEP_MS: Millis = 30_000;
const FETCH_TIMEOUT_MS: Millis = 5000;
/** Fetches at the same time, and clients whose keys are remembered. */
const FETCHES_MAX = 16;
const CLIENTS_MAX = 1000;
const RETRY_AFTER_SECONDS = 30;

/** What is known of the keys at one address. Moments are monotonic. */
type Known = {
  jwks: readonly ClientJwk[] | undefined;
  fetchedAtMs: Millis;
  triedAtMs: Millis;
  fetching: Promise<void> | undefined;
};

/**
 * Reads the keys that clients publish (`jwks_uri`): never from an address inside the operator's network, kept for ten
 * minutes, fetched again where a key is not among them, and at most every 30 seconds. Where they cannot be fetched, those
 * of the last hour are used, and else the request is refused as an outage.
 */
export const createPublishedKeys = ({
  egress,
  monotonic,
  emit,
}: {
  readonly egress: Egress;
  readonly monotonic: Clock;
  readonly emit: Emit;
}): Authentication<unknown>['readPublishedKeys'] => {
  const known = new Map<string, Known>();
  let fetches = 0;

  const fetchKeys = async (uri: string): Promise<readonly ClientJwk[]> => {
    const { status, body, isComplete } = await egress.send({
      url: uri,
      method: 'GET',
      headers: { Accept: 'application/jwk-set+json, application/json' },
      bodyMaxBytes: JWKS_MAX_BYTES,
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (status !== 200) throw new Error(`the answer has the status ${status}`);
    if (!isComplete) throw new Error(`the answer was cut, or is longer than ${JWKS_MAX_BYTES} bytes`);
    const parsed = parseJwks(body.toString('utf8'), { skipsUnknown: true });
    if ('faults' in parsed) throw new Error(parsed.faults.join('; '));
    return parsed.jwks;
  };

  const fetchAgain = async (clientId: string, uri: string, one: Known): Promise<void> => {
    fetches++;
    one.triedAtMs = monotonic();
    try {
      one.jwks = await fetchKeys(uri);
      one.fetchedAtMs = monotonic();
    } catch (error) {
      emit({ event: 'client.keys_unavailable', clientId, cause: causeOf(error), isUsable: isUsable(one) });
    } finally {
      fetches--;
      one.fetching = undefined;
    }
  };

  const isUsable = ({ jwks, fetchedAtMs }: Known): boolean =>
    jwks !== undefined && monotonic() - fetchedAtMs < USABLE_MS;

  const keysOf = (one: Known): readonly ClientJwk[] => {
    if (one.jwks !== undefined && isUsable(one)) return one.jwks;
    throw new Refusal('client_keys_unavailable', [], { retryAfterSeconds: RETRY_AFTER_SECONDS });
  };

  const recall = (uri: string): Known => {
    const one = known.get(uri) ?? {
      jwks: undefined,
      fetchedAtMs: -Infinity,
      triedAtMs: -Infinity,
      fetching: undefined,
    };
    // Moved to the end: the first is the one that was not asked for longest.
    known.delete(uri);
    known.set(uri, one);
    if (known.size > CLIENTS_MAX)
      for (const first of known.keys()) if (known.size > CLIENTS_MAX) known.delete(first);
    return one;
  };

  return ({ id, jwksUri }, isWanted) => {
    const one = recall(jwksUri);
    const isFresh = one.jwks !== undefined && monotonic() - one.fetchedAtMs < FRESH_MS;
    if (isFresh && one.jwks?.some(isWanted) === true) return keysOf(one);
    const mayFetch = monotonic() - one.triedAtMs >= FETCH_STEP_MS && fetches < FETCHES_MAX;
    if (one.fetching === undefined && mayFetch) one.fetching = fetchAgain(id, jwksUri, one);
    return one.fetching === undefined ? keysOf(one) : one.fetching.then(() => keysOf(one));
  };
};

/** Without the address that the client's server was found at. */
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? String(error.code) : error.message;
};
