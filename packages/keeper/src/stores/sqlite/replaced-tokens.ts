import type { Grant } from '../../grants/grant.ts';
import type { Replaced } from '../rows.ts';
import type { Put } from '../store.ts';
import type { Connection } from './connection.ts';

/** The refresh tokens that a put has replaced, by connection: an import that runs again must not bring them back. */
type ReplacedTokens = {
  /** Notes the token of a grant before another one comes, for one of its connections or for all of them. */
  note(grantId: string, name: string | undefined): void;
  /** Whether another put has replaced this token. One that may return is not noted any more. */
  judge(put: Put, own: Grant): Replaced;
  /** Forgets them with their connection: the developer may begin again. */
  forgetAll(name: string): void;
};

/** Inside a transaction of the caller. */
export const createReplacedTokens = ({
  database,
  nowMs,
}: Pick<Connection, 'database' | 'nowMs'>): ReplacedTokens => {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO replaced_tokens (name, fingerprint, replaced_at_ms)
      SELECT name, lookup, :now FROM connections JOIN grants ON grants.id = grant_id
      WHERE grant_id = :id AND name = coalesce(:name, name)`,
  );
  const find = database.prepare('SELECT 1 FROM replaced_tokens WHERE name = ? AND fingerprint = ?');
  const forget = database.prepare('DELETE FROM replaced_tokens WHERE name = ? AND fingerprint = ?');
  const forgetAll = database.prepare('DELETE FROM replaced_tokens WHERE name = ?');
  return {
    note: (id, name) => void insert.run({ id, name: name ?? null, now: nowMs() }),
    judge({ name, client, lookups }, { client: ownClient, state }) {
      if (client === ownClient && state !== 'dead')
        return lookups.some((lookup) => find.get(name, lookup) !== undefined) ? 'later' : 'unknown';
      const forgotten = lookups.map((lookup) => Number(forget.run(name, lookup).changes));
      return forgotten.some((rows) => rows > 0) ? 'may_return' : 'unknown';
    },
    forgetAll: (name) => void forgetAll.run(name),
  };
};
