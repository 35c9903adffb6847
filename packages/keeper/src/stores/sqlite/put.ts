import type { GrantVerbs, Put, PutResult, SealedPair } from '../store.ts';
import type { Connection } from './connection.ts';
import type { Grant } from '../../grants/grant.ts';
import { isForSame, isFromBefore, toGrant } from '../rows.ts';
import type { Value } from '../rows.ts';
import { CLOSE } from './close.ts';
import { createConsentEnd } from './consents.ts';
import { createRevocationCancel } from './revocations.ts';
import { createReplacedTokens } from './replaced-tokens.ts';

const INSERT = `INSERT INTO grants (id, client, params, generation, epoch, state, since_ms, sealed, lookup, issued_at_ms,
    access_expires_at_ms, refresh_expires_at_ms, ends_at_ms, fence, sends, failures, due_at_ms, due_rank, is_at_risk)
  VALUES (:id, :client, :params, 1, 1, 'active', :now, :sealed, :lookup, :issuedAt, :accessExpiresAt, :refreshExpiresAt,
    :endsAt, 0, 0, 0, :dueAt, :dueRank, 0) RETURNING *`;

const REPLACE = `UPDATE grants SET client = :client, params = :params, generation = generation + 1, epoch = epoch + 1,
    state = 'active', cause = NULL, since_ms = :now, sealed = :sealed, lookup = :lookup, issued_at_ms = :issuedAt,
    access_expires_at_ms = :accessExpiresAt, refresh_expires_at_ms = :refreshExpiresAt, ends_at_ms = :endsAt,
    lease_owner = NULL, lease_at_ms = NULL, lease_until_ms = NULL, sends = 0, first_sent_at_ms = NULL,
    last_sent_at_ms = NULL, failures = 0, due_at_ms = :dueAt, due_rank = :dueRank, held_until_ms = NULL, is_at_risk = 0
  WHERE id = :id RETURNING *`;

/** The grant that a connection has already. */
type Linked = Value | undefined;

/**
 * The verb `put`. A refresh token that a grant holds already makes a link to it. One that a grant has used before, or that
 * another put has replaced for this connection, is outdated. A grant that other connections use as well is not replaced for
 * them: this connection gets one of its own. A grant that loses its last connection is closed: nobody could ask for it.
 */
export const createPut = (connection: Connection): Pick<GrantVerbs, 'put' | 'putMany'> => {
  const { database, commits, nowMs } = connection;
  const replaced = createReplacedTokens(connection);
  const findConnection = database.prepare('SELECT grant_id FROM connections WHERE name = ?');
  const read = database.prepare('SELECT * FROM grants WHERE id = ?');
  const holder = database.prepare("SELECT * FROM grants WHERE lookup = ? AND state <> 'closed'");
  const user = database.prepare(
    `SELECT grants.* FROM attempts JOIN grants ON grants.id = attempts.grant_id
      WHERE fingerprint = ? AND attempts.generation < grants.generation AND outcome IN ('usable', 'refresh_only')
        AND state NOT IN ('closed', 'dead') LIMIT 1`,
  );
  const countOthers = database.prepare(
    'SELECT count(*) AS others FROM connections WHERE grant_id = ? AND name <> ?',
  );
  const findForeign = database.prepare(
    'SELECT 1 FROM connections WHERE grant_id = ? AND substr(name, 1, length(?)) <> ? LIMIT 1',
  );
  const link = database.prepare(
    // Not OR REPLACE: connections are counted by triggers, and that would delete without one.
    `INSERT INTO connections (name, grant_id, client) VALUES (?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET grant_id = excluded.grant_id, client = excluded.client`,
  );
  const countLinks = database.prepare('SELECT count(*) AS links FROM connections WHERE grant_id = ?');
  const close = database.prepare(CLOSE);
  const linkAll = database.prepare('UPDATE connections SET client = ? WHERE grant_id = ?');
  const insert = database.prepare(INSERT);
  const replace = database.prepare(REPLACE);
  const endConsent = createConsentEnd(connection);
  const cancelRevocations = createRevocationCancel(connection);
  const raiseHighWater = database.prepare('UPDATE deployment SET high_water = high_water + 1');

  const columnsOf = (put: Put, pair: SealedPair): Record<string, string | number | Uint8Array | null> => ({
    client: put.client,
    params: JSON.stringify(put.params),
    now: nowMs(),
    sealed: pair.sealed,
    lookup: pair.lookup,
    issuedAt: pair.issuedAtMs,
    accessExpiresAt: pair.accessExpiresAtMs,
    refreshExpiresAt: pair.refreshExpiresAtMs ?? null,
    endsAt: pair.endsAtMs ?? null,
    dueAt: put.due?.atMs ?? null,
    dueRank: put.due?.rank ?? null,
  });

  const replaceRow = (put: Put, id: string, generation: number, epoch: number): PutResult => {
    const pair = put.sealFor({ id, generation: generation + 1, epoch: epoch + 1 });
    raiseHighWater.run();
    const row = replace.get({ id, ...columnsOf(put, pair) });
    linkAll.run(put.client, id);
    return { status: 'replaced', grant: toGrant(row ?? {}) };
  };

  const mayLink = ({ mayLink: isWanted, linkPrefix, client }: Put, grant: Grant): boolean =>
    isWanted &&
    client === grant.client &&
    (linkPrefix === undefined || findForeign.get(grant.id, linkPrefix, linkPrefix) === undefined);

  /** A grant has this very token. */
  const putHeld = (put: Put, grant: Grant, linkedId: Linked): PutResult => {
    const isOwn = linkedId === grant.id;
    if (!isOwn) {
      if (!mayLink(put, grant)) return { status: 'held', grant };
      if (linkedId !== undefined) replaced.note(String(linkedId), put.name);
      link.run(put.name, grant.id, grant.client);
      if (linkedId !== undefined && countLinks.get(linkedId)?.['links'] === 0) close.run(nowMs(), linkedId);
    }
    // The developer insists that a token lives that was refused: it gets another chance.
    if (grant.state === 'dead') return replaceRow(put, grant.id, grant.generation, grant.epoch);
    if (!isOwn) return { status: 'linked', grant };
    if (isForSame(put, grant)) return { status: 'known', grant };
    if (grant.sends.count > 0) return { status: 'inflight', grant };
    return replaceRow(put, grant.id, grant.generation, grant.epoch);
  };

  /** A grant has had this token, and has its successor now. */
  const putUsed = (put: Put, grant: Grant, linkedId: Linked): PutResult => {
    if (linkedId === grant.id) return { status: 'outdated', grant };
    if (!mayLink(put, grant)) return { status: 'held', grant };
    if (linkedId === undefined) link.run(put.name, grant.id, grant.client);
    return { status: 'outdated', grant };
  };

  const write = (put: Put): PutResult => {
    const linkedId = findConnection.get(put.name)?.['grant_id'];
    const row = linkedId === undefined ? undefined : read.get(linkedId);
    const own = row === undefined ? undefined : toGrant(row);
    for (const lookup of put.lookups) {
      const held = holder.get(lookup);
      if (held !== undefined && held['id'] === linkedId) return putHeld(put, toGrant(held), linkedId);
    }
    if (own !== undefined && (isFromBefore(put, own) || replaced.isOver(put, own)))
      return { status: 'outdated', grant: own };
    for (const lookup of put.lookups) {
      const held = holder.get(lookup);
      if (held !== undefined) return putHeld(put, toGrant(held), linkedId);
      const used = user.get(lookup);
      if (used !== undefined) return putUsed(put, toGrant(used), linkedId);
    }
    if (own !== undefined) {
      const { id, generation, epoch, state } = own;
      const isShared = Number(countOthers.get(id, put.name)?.['others']) > 0 && state !== 'dead';
      replaced.note(id, isShared ? put.name : undefined);
      if (!isShared) return replaceRow(put, id, generation, epoch);
    }
    const pair = put.sealFor({ id: put.grantId, generation: 1, epoch: 1 });
    raiseHighWater.run();
    const inserted = insert.get({ id: put.grantId, ...columnsOf(put, pair) });
    link.run(put.name, put.grantId, put.client);
    return { status: 'new', grant: toGrant(inserted ?? {}) };
  };

  return {
    put: (put) => commits.run(() => endConsent(put, cancelRevocations(put, write(put)))),
    putMany: (puts) => commits.run(() => puts.map((put) => cancelRevocations(put, write(put)))),
  };
};
