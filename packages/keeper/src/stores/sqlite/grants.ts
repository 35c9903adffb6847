import type { Grant } from '../../grants/grant.ts';
import type { GrantVerbs } from '../store.ts';
import type { Connection } from './connection.ts';
import { CLOSE } from './close.ts';
import { createPut } from './put.ts';
import { createReplacedTokens } from './replaced-tokens.ts';
import { createRevocationMark } from './revocations.ts';
import { toGrant, toLinkedGrant } from '../rows.ts';

/** Grants and connections. */
export const createGrantVerbs = (connection: Connection): GrantVerbs => {
  const { database, commits, nowMs, links } = connection;
  const replaced = createReplacedTokens(connection);
  const find = database.prepare(
    `SELECT grants.*, grant_id, connections.client AS link_client, binding
      FROM connections JOIN grants ON grants.id = grant_id WHERE name = ?`,
  );
  const read = database.prepare('SELECT * FROM grants WHERE id = ?');
  const unlink = database.prepare('DELETE FROM connections WHERE name = ?');
  const countLinks = database.prepare('SELECT count(*) AS links FROM connections WHERE grant_id = ?');
  const markRevocation = createRevocationMark(connection);
  const closeGrant = database.prepare(CLOSE);
  const touch = database.prepare(
    `UPDATE grants SET asked_at_ms = max(coalesce(asked_at_ms, 0), :asked),
      due_rank = CASE WHEN :dueAt < coalesce(due_at_ms, 9e15) THEN :dueRank ELSE due_rank END,
      due_at_ms = CASE WHEN :dueAt < coalesce(due_at_ms, 9e15) THEN :dueAt ELSE due_at_ms END
      WHERE id = :id AND state = 'active' AND failures = 0`,
  );

  const readRow = (id: string): Grant | undefined => {
    const row = read.get(id);
    return row === undefined ? undefined : toGrant(row);
  };

  return {
    find: (name) =>
      commits.read(() => {
        const row = find.get(name);
        return row === undefined ? undefined : toLinkedGrant(links, name, row);
      }),
    read: (grantId) => commits.read(() => readRow(grantId)),
    ...createPut(connection),
    disconnect: (name, revoking) =>
      commits.run(() => {
        const row = find.get(name);
        if (row === undefined) return undefined;
        const grant = toLinkedGrant(links, name, row);
        unlink.run(name);
        replaced.forgetAll(name);
        if (countLinks.get(grant.id)?.['links'] === 0) {
          closeGrant.run(nowMs(), grant.id);
          if (revoking?.clients.includes(grant.client) === true)
            markRevocation(grant.id, name, nowMs() + revoking.holdMs);
        }
        return readRow(grant.id);
      }),
    touch: (touches) =>
      commits.run(() => {
        for (const { grantId, askedAtMs, due } of touches)
          touch.run({ id: grantId, asked: askedAtMs, dueAt: due?.atMs ?? 9e15, dueRank: due?.rank ?? null });
      }),
  };
};
