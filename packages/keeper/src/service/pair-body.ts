import * as v from 'valibot';
import type { Keeper } from '../keeper.ts';
import type { PutRow } from '../putting/put-many.ts';
import type { ServiceKey } from '../stores/service-keys.ts';
import type { PutStatus } from '../stores/store.ts';
import { moment } from './show-grant.ts';

const seconds = v.pipe(v.number(), v.minValue(0));

const pairMembers = {
  client: v.string(),
  access_token: v.optional(v.string()),
  refresh_token: v.optional(v.string()),
  expires_in: v.optional(seconds),
  refresh_token_expires_in: v.optional(seconds),
  scope: v.optional(v.string()),
  /** When the pair was issued; now where missing. */
  obtained_at: v.optional(moment),
  params: v.optional(v.record(v.string(), v.string())),
  /** Whether the same refresh token may be under another name already: then both use one grant. `true` where missing. */
  shared: v.optional(v.boolean()),
};

/** The body of a put: the members of a token answer (RFC 6749 §5.1), and the client that they belong to. */
export const pairBody = v.strictObject(pairMembers);

/** A line of an import: the same with the name. */
export const pairLine = v.strictObject({ name: v.string(), ...pairMembers });

/** How a put ended. */
export const putStatus = v.picklist(['new', 'replaced', 'linked', 'known', 'outdated', 'dead']);

/** The pair of a body under a name, as the keeper takes it. A key with a prefix shares grants only with names that it sees. */
export const toRow = (
  name: string,
  body: v.InferOutput<typeof pairBody>,
  { namePrefix }: Pick<ServiceKey, 'namePrefix'>,
): PutRow => ({
  name,
  client: body.client,
  tokens: {
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    expiresIn: body.expires_in,
    refreshExpiresIn: body.refresh_token_expires_in,
    scope: body.scope,
    obtainedAtMs: body.obtained_at === undefined ? undefined : Date.parse(body.obtained_at),
  },
  params: body.params,
  isShared: body.shared,
  sharedPrefix: namePrefix,
});

/** Keeps the pair of a body under a name. Throws `KeeperError` for what can never be kept. */
export const putPair = (
  keeper: Keeper,
  name: string,
  body: v.InferOutput<typeof pairBody>,
  key: Pick<ServiceKey, 'namePrefix'>,
): Promise<PutStatus> => {
  const { client, tokens, name: rowName, ...options } = toRow(name, body, key);
  return keeper.put(rowName, client, tokens, options);
};

/** Refusals that name another connection. */
const NAMING: ReadonlySet<string> = new Set(['token_shared', 'token_of_other_client']);

/** Why a pair was refused, as the key may know it: one with a prefix does not learn other names. */
export const reasonFor = (
  { namePrefix }: Pick<ServiceKey, 'namePrefix'>,
  { code, reason, remedy }: { readonly code: string; readonly reason: string; readonly remedy: string },
): string =>
  namePrefix !== undefined && NAMING.has(code)
    ? 'The refresh token is kept already under another name'
    : reason.endsWith(remedy)
      ? reason.slice(0, -remedy.length).trim()
      : reason;
