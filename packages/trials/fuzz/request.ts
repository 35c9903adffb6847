import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { writeRequest } from '../support/raw-request.ts';
import type { RequestParts } from '../support/raw-request.ts';
import { goodRequest } from '../support/served-grant.ts';
import type { DialectName } from '../support/dialect-name.ts';

/** A client with a grant of its own. */
export type Identity = MadeClient & MadeGrant;

/** Who the fuzzed server knows: of each dialect the client whose grant must not move, and another one. */
export type Cast = Readonly<Record<DialectName, { readonly own: Identity; readonly stranger: Identity }>>;

/**
 * How a request leaves its connection. `kept`: open, after exactly one answer. `last`: perhaps closed, after exactly one
 * answer. `loose`: nobody can say where it ends, so it has a connection of its own, and any number of answers.
 */
export type Framing = 'kept' | 'last' | 'loose';

/** A request that must be refused. */
export type FuzzRequest = {
  /** What is wrong with it, for people. */
  readonly what: string;
  readonly bytes: Buffer;
  readonly framing: Framing;
  /** An answer to HEAD has a length and no body. */
  readonly isHead: boolean;
  /** By whose path it was sent, where that is beyond doubt. */
  readonly dialect: DialectName | undefined;
  /** The refusal it must get, in short, as `readRefusal` reads it; any refusal where it is not given. */
  readonly expects: string | undefined;
};

/** The good request of a client, to be broken, on a connection that stays open. */
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

/** A request of these parts. */
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

/** Whether the genuine token is in these bytes together with the genuine secret: chance may have repaired what was broken. */
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
