import { NOW } from './schema.ts';
import type { Grant } from '../../grants/grant.ts';
import type { Replaced } from '../rows.ts';
import type { Put } from '../store.ts';
import type { Query } from './send.ts';

const NOTE = `INSERT INTO keeper_replaced_tokens (name, fingerprint, replaced_at_ms)
  SELECT c.name, g.lookup, ${NOW} FROM keeper_connections AS c JOIN keeper_grants AS g ON g.id = c.grant_id
  WHERE c.grant_id = :id AND c.name = coalesce(:name, c.name)
  ORDER BY c.name ON CONFLICT (name, fingerprint) DO UPDATE SET replaced_at_ms = ${NOW}`;
const FIND = `SELECT 1 FROM keeper_replaced_tokens WHERE name = :name AND fingerprint = ANY(:lookups::bytea[])`;
const FORGET = `DELETE FROM keeper_replaced_tokens WHERE name = :name AND fingerprint = ANY(:lookups::bytea[])
  RETURNING 1`;
const FORGET_ALL = 'DELETE FROM keeper_replaced_tokens WHERE name = :name';

/**
 * Notes the token of a grant before a put replaces it, for one of its connections or for all of them: an import that runs
 * again must not bring it back.
 */
export const noteReplacedToken = async (query: Query, id: string, name: string | undefined): Promise<void> =>
  void (await query(NOTE, { id, name }));

/** Whether another put has replaced this token. One that may return is not noted any more. */
export const judgeReplacedToken = async (
  query: Query,
  { name, client, lookups }: Put,
  own: Grant,
): Promise<Replaced> => {
  const mayReturn = client !== own.client || own.state === 'dead';
  const rows = await query(mayReturn ? FORGET : FIND, { name, lookups: [...lookups] });
  if (rows.length === 0) return 'unknown';
  return mayReturn ? 'may_return' : 'later';
};

/** Forgets them with their connection: the developer may begin again. */
export const forgetReplacedTokens = async (query: Query, name: string): Promise<void> =>
  void (await query(FORGET_ALL, { name }));
