import type { Due, Grant } from '../../grants/grant.ts';
import { markRevocation } from './revocations.ts';
import { toGrant, toLinkedGrant, toOwnLink } from '../rows.ts';
import type { Row } from '../rows.ts';
import type { LinkBinder } from '../links.ts';
import type { GrantVerbs } from '../store.ts';
import { CLOSE } from './close.ts';
import type { Connections } from './connections.ts';
import { createPut } from './put.ts';
import { createPutMany } from './put-many.ts';
import { forgetReplacedTokens } from './replaced-tokens.ts';

const FIND = `SELECT g.*, grant_id, c.client AS link_client, binding
  FROM keeper_connections AS c JOIN keeper_grants AS g ON g.id = grant_id WHERE name = :name`;

// Rows are locked in the order of their ids, here as everywhere: so no two transactions wait for each other.
const LOCK = 'SELECT id FROM keeper_grants WHERE id = ANY(:ids::text[]) ORDER BY id FOR NO KEY UPDATE';
const TOUCH = `UPDATE keeper_grants AS g SET asked_at_ms = greatest(g.asked_at_ms, t.asked),
    due_rank = CASE WHEN g.due_at_ms IS NULL OR t.due < g.due_at_ms THEN coalesce(t.rank, g.due_rank) ELSE g.due_rank END,
    due_at_ms = least(g.due_at_ms, t.due)
  FROM unnest(:ids::text[], :asked::bigint[], :dues::bigint[], :ranks::smallint[]) AS t (id, asked, due, rank)
  WHERE g.id = t.id AND g.state = 'active' AND g.failures = 0`;

/** Grants and connections. */
export const createGrantVerbs = (connections: Connections, links: LinkBinder): GrantVerbs => {
  const { read, transact } = connections;
  const put = createPut(connections, links);
  return {
    async find(name) {
      const [row] = await read(FIND, { name });
      return row === undefined ? undefined : toLinkedGrant(links, name, row);
    },
    read: async (id) => toGrantIfAny(await read('SELECT * FROM keeper_grants WHERE id = :id', { id })),
    put,
    putMany: createPutMany(connections, links, put),
    disconnect: (name, revoking) =>
      transact(async (query) => {
        const [gone] = await query('DELETE FROM keeper_connections WHERE name = :name RETURNING *', { name });
        if (gone === undefined) return undefined;
        const { grantId: id } = toOwnLink(links, gone);
        await forgetReplacedTokens(query, name);
        // With the lock nobody links to it, so the next statement sees every link.
        await query('SELECT 1 FROM keeper_grants WHERE id = :id FOR UPDATE', { id });
        await query(CLOSE, { id });
        if (revoking !== undefined) await markRevocation(query, { id, name, ...revoking });
        return toGrantIfAny(await query('SELECT * FROM keeper_grants WHERE id = :id', { id }));
      }),
    async touch(touches) {
      const merged = mergeTouches(touches);
      if (merged.length === 0) return;
      const ids = merged.map(({ grantId }) => grantId);
      await transact(async (query) => {
        await query(LOCK, { ids });
        await query(TOUCH, {
          ids,
          asked: merged.map(({ askedAtMs }) => askedAtMs),
          dues: merged.map(({ due }) => due?.atMs),
          ranks: merged.map(({ due }) => due?.rank),
        });
      });
    },
  };
};

const toGrantIfAny = ([row]: readonly Row[]): Grant | undefined =>
  row === undefined ? undefined : toGrant(row);

type Touch = { readonly grantId: string; readonly askedAtMs: number; readonly due: Due | undefined };

/** A statement changes each row once. */
const mergeTouches = (touches: readonly Touch[]): readonly Touch[] => {
  const merged = new Map<string, Touch>();
  for (const touch of touches) {
    const before = merged.get(touch.grantId);
    merged.set(touch.grantId, {
      grantId: touch.grantId,
      askedAtMs: Math.max(touch.askedAtMs, before?.askedAtMs ?? 0),
      due: earlierOf(before?.due, touch.due),
    });
  }
  return [...merged.values()];
};

const earlierOf = (one: Due | undefined, other: Due | undefined): Due | undefined =>
  one === undefined || (other !== undefined && other.atMs < one.atMs) ? other : one;
