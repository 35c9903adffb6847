import type { GrantVerbs, Put, PutResult, SealedPair } from '../store.ts';
import type { Millis } from '../../time.ts';
import type { Connection } from './connection.ts';
import { isAlive } from '../../grants/grant.ts';
import type { Grant } from '../../grants/grant.ts';
import { IS_REFUSED, IS_USED, isForSame, isFromBefore, mayRevive, toGrant } from '../rows.ts';
import type { Replaced, Row } from '../rows.ts';
import { CLOSE } from './close.ts';
import { createConsentEnd } from './consents.ts';
import { createLinkMove, createLinking } from './links.ts';
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

// Where a token is over for several reasons, a successor that lives says most.
const FIND_USER = `SELECT grants.*, ${IS_USED} AS is_used, max(${IS_REFUSED}) OVER () AS was_refused,
    attempts.sent_at_ms AS over_at_ms FROM attempts
  JOIN grants ON grants.id = attempts.grant_id
  WHERE fingerprint = ? AND state <> 'closed' AND (${IS_REFUSED} OR (${IS_USED} AND attempts.generation < grants.generation))
  ORDER BY state = 'dead', is_used DESC, over_at_ms DESC LIMIT 1`;

/** What a pair from outside is in the columns of its row. */
const columnsOf = (
  put: Put,
  pair: SealedPair,
  now: Millis,
): Record<string, string | number | Uint8Array | null> => ({
  client: put.client,
  params: JSON.stringify(put.params),
  now,
  sealed: pair.sealed,
  lookup: pair.lookup,
  issuedAt: pair.issuedAtMs,
  accessExpiresAt: pair.accessExpiresAtMs,
  refreshExpiresAt: pair.refreshExpiresAtMs ?? null,
  endsAt: pair.endsAtMs ?? null,
  dueAt: put.due?.atMs ?? null,
  dueRank: put.due?.rank ?? null,
});

/** The grant that a connection has already. */
type Linked = string | undefined;

/**
 * The verb `put`. A refresh token that a grant holds already makes a link to it. One that a grant has used before, or that
 * another put has replaced for this connection, is outdated; one that was refused stays dead. A grant that other connections use as well is not replaced for
 * them: this connection gets one of its own. A grant that loses its last connection is closed: nobody could ask for it.
 */
export const createPut = (connection: Connection): Pick<GrantVerbs, 'put' | 'putMany'> => {
  const { database, commits, nowMs } = connection;
  const replaced = createReplacedTokens(connection);
  const { linkOf, link } = createLinking(connection);
  const read = database.prepare('SELECT * FROM grants WHERE id = ?');
  const holder = database.prepare("SELECT * FROM grants WHERE lookup = ? AND state <> 'closed'");
  const user = database.prepare(FIND_USER);
  const countOthers = database.prepare(
    'SELECT count(*) AS others FROM connections WHERE grant_id = ? AND name <> ?',
  );
  const findForeign = database.prepare(
    'SELECT 1 FROM connections WHERE grant_id = ? AND substr(name, 1, length(?)) <> ? LIMIT 1',
  );
  const countLinks = database.prepare('SELECT count(*) AS links FROM connections WHERE grant_id = ?');
  const close = database.prepare(CLOSE);
  const moveLinks = createLinkMove(connection);
  const insert = database.prepare(INSERT);
  const replace = database.prepare(REPLACE);
  const endConsent = createConsentEnd(connection);
  const cancelRevocations = createRevocationCancel(connection);
  const raiseHighWater = database.prepare('UPDATE deployment SET high_water = high_water + 1');

  const replaceRow = (put: Put, { id, generation, epoch, client }: Grant): PutResult => {
    const pair = put.sealFor({ id, generation: generation + 1, epoch: epoch + 1 });
    raiseHighWater.run();
    const row = replace.get({ id, ...columnsOf(put, pair, nowMs()) });
    if (client !== put.client) moveLinks(id, { id, client: put.client });
    return { status: 'replaced', grant: toGrant(row ?? {}) };
  };

  const mayLink = ({ mayLink: isWanted, linkPrefix, client }: Put, grant: Grant): boolean =>
    isWanted &&
    client === grant.client &&
    (linkPrefix === undefined || findForeign.get(grant.id, linkPrefix, linkPrefix) === undefined);

  /** A grant has this very token. */
  const putHeld = (put: Put, grant: Grant, linkedId: Linked): PutResult => {
    const isOwn = linkedId === grant.id;
    const isOver = grant.state === 'dead' && !mayRevive(put, grant, grant.sinceMs);
    if (!isOwn) {
      if (!mayLink(put, grant)) return { status: 'held', grant };
      // What the connection has stays: it may live.
      if (isOver && linkedId !== undefined) return { status: 'dead', grant };
      if (linkedId !== undefined) replaced.note(linkedId, put.name);
      link(put.name, grant.id, grant.client);
      if (linkedId !== undefined && countLinks.get(linkedId)?.['links'] === 0) close.run(nowMs(), linkedId);
    }
    if (isOver) return { status: 'dead', grant };
    if (grant.state === 'dead') return replaceRow(put, grant);
    if (!isOwn) return { status: 'linked', grant };
    if (isForSame(put, grant)) return { status: 'known', grant };
    if (grant.sends.count > 0) return { status: 'inflight', grant };
    return replaceRow(put, grant);
  };

  /** A grant has had this token, and has its successor now, or it was refused. `undefined` where it gets another chance. */
  const putUsed = (put: Put, row: Row, linkedId: Linked, before: Replaced): PutResult | undefined => {
    const grant = toGrant(row);
    const isUsed = row['is_used'] === 1;
    const isOutdated = isUsed && isAlive(grant);
    const overAtMs = isUsed ? grant.sinceMs : Number(row['over_at_ms']);
    const mayReturn = before === 'may_return' && row['was_refused'] === 0;
    if (!isOutdated && (mayReturn || mayRevive(put, grant, overAtMs))) return undefined;
    const result: PutResult = { status: isOutdated ? 'outdated' : 'dead', grant };
    if (linkedId === grant.id) return result;
    if (!mayLink(put, grant)) return { status: 'held', grant };
    if (linkedId === undefined && isUsed) link(put.name, grant.id, grant.client);
    return result;
  };

  const write = (put: Put): PutResult => {
    const linked = linkOf(put.name);
    const row = linked === undefined ? undefined : read.get(linked.grantId);
    const own = row === undefined ? undefined : toGrant(row);
    if (own !== undefined && linked?.isOfOtherKeys === true) return { status: 'other_keys', grant: own };
    const linkedId = own?.id;
    for (const lookup of put.lookups) {
      const held = holder.get(lookup);
      if (held !== undefined && held['id'] === linkedId) return putHeld(put, toGrant(held), linkedId);
    }
    const before = own === undefined ? 'unknown' : replaced.judge(put, own);
    if (own !== undefined && (isFromBefore(put, own) || before === 'later'))
      return { status: 'outdated', grant: own };
    for (const lookup of put.lookups) {
      const held = holder.get(lookup);
      if (held !== undefined) return putHeld(put, toGrant(held), linkedId);
      const used = user.get(lookup);
      const result = used === undefined ? undefined : putUsed(put, used, linkedId, before);
      if (result !== undefined) return result;
    }
    if (own !== undefined) {
      const { id, state } = own;
      const isShared = Number(countOthers.get(id, put.name)?.['others']) > 0 && state !== 'dead';
      replaced.note(id, isShared ? put.name : undefined);
      if (!isShared) return replaceRow(put, own);
    }
    const pair = put.sealFor({ id: put.grantId, generation: 1, epoch: 1 });
    raiseHighWater.run();
    const inserted = insert.get({ id: put.grantId, ...columnsOf(put, pair, nowMs()) });
    link(put.name, put.grantId, put.client);
    return { status: 'new', grant: toGrant(inserted ?? {}) };
  };

  return {
    put: (put) => commits.run(() => endConsent(put, cancelRevocations(put, write(put)))),
    putMany: (puts) => commits.run(() => puts.map((put) => cancelRevocations(put, write(put)))),
  };
};
