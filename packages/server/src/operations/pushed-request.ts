import { leastAgeMs, toMillis } from '../clock.ts';
import type { Clock, Now, Seconds } from '../clock.ts';
import type { Randomness } from '../randomness.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { openClaims, sealClaims } from '../tokens/sealed-claims.ts';

/** An authorization request that its client sent before the owner came. Nothing of it is stored: the URI holds it. */
export type PushedRequest = {
  readonly clientId: string;
  /** The grant that the owner's consent makes. It is made once, so the request is used once. */
  readonly grantId: GrantId;
  /** Without what authenticated the client. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly pushedAt: Seconds;
};

const PREFIX = 'urn:ietf:params:oauth:request_uri:';

/** How long an owner may come with a `request_uri`. @see RFC 9126 §2.2 `expires_in` */
export const REQUEST_URI_LIFETIME_SECONDS: Seconds = 300;

/** How long an owner who came in time may take. @see FAPI 2.0 Security Profile §5.3.2.2-12: less than 600 */
const VISIT_LIFETIME_SECONDS: Seconds = 590;

/** Longer than a request is usable, so that one that has expired still says which it was. */
const SEALED_LIFETIME_SECONDS: Seconds = 86_400;

/** The URI is part of a URL, and proxies take 8 KiB of those. */
const URI_MAX_CHARACTERS = 7168;

/**
 * Seals a request, already checked, into a `request_uri`, which every node opens. `too_long` where the parameters do not fit.
 *
 * @see RFC 9126 §2.2 and §7.1
 */
export const sealPushedRequest = async (
  {
    keyRing,
    randomness,
    clock,
  }: { readonly keyRing: KeyRing; readonly randomness: Randomness; readonly clock: Clock },
  { clientId, parameters }: Pick<PushedRequest, 'clientId' | 'parameters'>,
): Promise<{ readonly requestUri: string } | 'too_long'> => {
  const grantId = randomness.bytes(8).readBigInt64BE();
  const claims = {
    client: clientId,
    grant: writeGrantId(grantId),
    parameters: Object.fromEntries(parameters),
  };
  const lifetime = { nowMs: clock(), lifetimeSeconds: SEALED_LIFETIME_SECONDS };
  const requestUri = `${PREFIX}${await sealClaims(keyRing, 'pushed-request', claims, lifetime)}`;
  return requestUri.length > URI_MAX_CHARACTERS ? 'too_long' : { requestUri };
};

/** The request of a `request_uri`, used and expired ones too; `undefined` for a URI that this server did not make. */
export const openPushedRequest = async (
  keyRing: KeyRing,
  requestUri: string,
  { nowMs }: Now,
): Promise<PushedRequest | undefined> => {
  if (!requestUri.startsWith(PREFIX)) return undefined;
  const opened = await openClaims(keyRing, 'pushed-request', requestUri.slice(PREFIX.length), nowMs);
  if (opened === undefined) return undefined;
  const { client, grant, parameters, iat } = opened.claims;
  const grantId = readGrantId(String(grant));
  if (grantId === undefined) return undefined;
  const entries = Object.entries(parameters as Readonly<Record<string, string>>);
  return { clientId: String(client), grantId, parameters: new Map(entries), pushedAt: Number(iat) };
};

/** Whether an owner may open a request now, or send the form of its page. */
export const isPushedInTime = (
  { pushedAt }: Pick<PushedRequest, 'pushedAt'>,
  now: Now,
  { isForm }: { readonly isForm: boolean },
): boolean =>
  leastAgeMs(toMillis(pushedAt), now) <
  toMillis(isForm ? VISIT_LIFETIME_SECONDS : REQUEST_URI_LIFETIME_SECONDS);
