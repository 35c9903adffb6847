import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { writeRequest } from '../support/raw-request.ts';
import type { RequestParts } from '../support/raw-request.ts';
import { goodRequest } from '../support/served-grant.ts';
import type { DialectName } from '../support/dialect-name.ts';

/** A client and its grant. */
export type Identity = MadeClient & MadeGrant;

/** The registered clients, two per dialect: `own`, whose grant must not change, and `stranger`. */
export type Identities = Readonly<
  Record<DialectName, { readonly own: Identity; readonly stranger: Identity }>
>;

/**
 * The effect of a request on its connection. `kept`: one answer, and the connection stays open. `last`: one answer, and
 * the connection may close. `unclear`: the end of the request is unclear, so it gets a separate connection and may have any
 * number of answers.
 */
export type Framing = 'kept' | 'last' | 'unclear';

/** A request that must be refused. */
export type FuzzRequest = {
  /** Describes the fault to a reader. */
  readonly what: string;
  readonly bytes: Buffer;
  readonly framing: Framing;
  /** The answer to a HEAD request has a length but no body. */
  readonly isHead: boolean;
  /** The dialect of its path; `undefined` if unclear. */
  readonly dialect: DialectName | undefined;
  /** The refusal that it must get, in the short form of `readRefusal`. If `undefined`, any refusal is correct. */
  readonly expects: string | undefined;
};

/** A valid request on a connection that stays open, with changes that break it. */
export const keptRequest = (
  dialect: DialectName,
  client: MadeClient,
  refreshToken: string,
  { headers, ...changes }: RequestParts = {},
): RequestParts => {
  const token = dialect === 'smartcar' ? encodeURIComponent(refreshToken.toWellFormed()) : refreshToken;
  return goodRequest(dialect, client, token, {
    ...changes,
    headers: { Connection: undefined, ...headers },
  });
};

/** Creates a fuzz request from its parts. */
export const fuzzRequest = (
  what: string,
  parts: RequestParts,
  { framing = 'kept', dialect, expects }: Partial<Pick<FuzzRequest, 'framing' | 'dialect' | 'expects'>>,
): FuzzRequest => ({
  what,
  bytes: writeRequest(parts),
  framing,
  isHead: parts.method === 'HEAD',
  dialect,
  expects,
});

/** Whether the bytes contain the genuine token and secret: random mutations can undo each other. */
export const carriesGenuine = (
  { bytes }: FuzzRequest,
  { clientId, clientSecret, refreshToken }: Identity,
): boolean => {
  if (!bytes.includes(refreshToken)) return false;
  return (
    bytes.includes(clientSecret) ||
    bytes.includes(Buffer.from(`${clientId}:${clientSecret}`).toString('base64'))
  );
};
