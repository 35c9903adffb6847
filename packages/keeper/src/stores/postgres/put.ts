import { isAlive } from '../../grants/grant.ts';
import type { Grant } from '../../grants/grant.ts';
import { IS_REFUSED, IS_USED, isForSame, isFromBefore, isKept, mayRevive, toGrant, toLink } from '../rows.ts';
import type { Replaced, Row } from '../rows.ts';
import type { Put, PutResult, SealedPair } from '../store.ts';
import { CLOSE } from './close.ts';
import { writerOf } from '../links.ts';
import type { LinkBinder } from '../links.ts';
import type { Connections } from './connections.ts';
import { moveLinks } from './links.ts';
import type { Query } from './send.ts';
import { countPair } from './count-pair.ts';
import { judgeReplacedToken, noteReplacedToken } from './replaced-tokens.ts';
import { cancelRevocations } from './revocations.ts';
import { NOW } from './schema.ts';

const LOCK_CONNECTION = 'SELECT * FROM keeper_connections WHERE name = :name FOR UPDATE';
// The grant of the connection as well, because rows are locked in the order of their ids.
const LOCK_GRANTS = `SELECT * FROM keeper_grants
  WHERE (lookup = ANY(:lookups::bytea[]) AND state <> 'closed') OR id = :id ORDER BY id FOR UPDATE`;
// Where a token is over for several reasons, a successor that lives says most.
const FIND_USERS = `SELECT g.*, fingerprint, ${IS_USED} AS is_used,
    bool_or(${IS_REFUSED}) OVER (PARTITION BY fingerprint) AS was_refused, a.sent_at_ms AS over_at_ms
  FROM keeper_attempts AS a JOIN keeper_grants AS g ON g.id = a.grant_id
  WHERE fingerprint = ANY(:lookups::bytea[]) AND state <> 'closed'
    AND (${IS_REFUSED} OR (${IS_USED} AND a.generation < g.generation))
  ORDER BY state = 'dead', is_used DESC, over_at_ms DESC`;
const COUNT_OTHERS =
  'SELECT count(*) AS others FROM keeper_connections WHERE grant_id = :id AND name <> :name';
const FIND_FOREIGN =
  'SELECT 1 AS found FROM keeper_connections WHERE grant_id = :id AND NOT starts_with(name, :prefix) LIMIT 1';
/** Fails where another process has made the connection meanwhile; then all is done again. */
const LINK_NEW = `INSERT INTO keeper_connections (name, grant_id, client, binding)
  VALUES (:name, :id, :client, :binding)`;
const LINK = `${LINK_NEW} ON CONFLICT (name) DO UPDATE SET grant_id = :id, client = :client, binding = :binding`;

const END_CONSENT = "UPDATE keeper_consents SET outcome = 'connected', code = 'ok' WHERE digest = :digest";

const INSERT = `INSERT INTO keeper_grants (id, client, params, generation, epoch, state, since_ms, sealed, lookup,
    issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, ends_at_ms, fence, sends, failures, due_at_ms, due_rank,
    is_at_risk)
  VALUES (:id, :client, :params, 1, 1, 'active', ${NOW}, :sealed, :lookup, :issuedAt, :accessExpiresAt, :refreshExpiresAt,
    :endsAt, 0, 0, 0, :dueAt, :dueRank, 0) RETURNING *`;

const REPLACE = `UPDATE keeper_grants SET client = :client, params = :params, generation = generation + 1, epoch = epoch + 1,
    state = 'active', cause = NULL, since_ms = ${NOW}, sealed = :sealed, lookup = :lookup, issued_at_ms = :issuedAt,
    access_expires_at_ms = :accessExpiresAt, refresh_expires_at_ms = :refreshExpiresAt, ends_at_ms = :endsAt,
    lease_owner = NULL, lease_at_ms = NULL, lease_until_ms = NULL, sends = 0, first_sent_at_ms = NULL,
    last_sent_at_ms = NULL, failures = 0, due_at_ms = :dueAt, due_rank = :dueRank, held_until_ms = NULL, is_at_risk = 0
  WHERE id = :id RETURNING *`;

/**
 * The verb `put`, as SQLite's store has it. It locks the connection first and one grant afterwards. What another process
 * makes meanwhile breaks a unique index, and the transaction is done again.
 */
export const createPut =
  ({ transact }: Connections, links: LinkBinder): ((put: Put) => Promise<PutResult>) =>
  (put) =>
    transact(async (query) => {
      const result = await write(query, put, await findPlace(query, put, links));
      if (!isKept(result)) return result;
      await cancelRevocations(query, [put]);
      if (put.consent !== undefined) await query(END_CONSENT, { digest: put.consent });
      return result;
    });

/** What a put finds under its name. */
type Place = {
  /** The grant that the connection has already. */
  readonly linkedId: string | undefined;
  /** Whether a keeper with other keys may have written that. */
  readonly isOfOtherKeys: boolean;
  /** Points the connection at a grant. */
  link(grant: Pick<Grant, 'id' | 'client'>): Promise<void>;
  readonly links: LinkBinder;
};

/** The same, and what is known of the token that is put. */
type KnownPlace = Place & { readonly before: Replaced };

const findPlace = async (query: Query, { name }: Put, links: LinkBinder): Promise<Place> => {
  const [row] = await query(LOCK_CONNECTION, { name });
  const link = row === undefined ? undefined : toLink(row);
  const writer = link === undefined ? 'stranger' : writerOf(links, link);
  return {
    // A row that another program has written says nothing: it is written anew.
    linkedId: writer === 'stranger' ? undefined : link?.grantId,
    isOfOtherKeys: writer === 'other_keys',
    async link({ id, client }) {
      const binding = links.bind({ name, grantId: id, client });
      await query(row === undefined ? LINK_NEW : LINK, { name, id, client, binding });
    },
    links,
  };
};

const write = async (query: Query, put: Put, place: Place): Promise<PutResult> => {
  const { name } = put;
  const { linkedId } = place;
  const locked = await query(LOCK_GRANTS, { lookups: [...put.lookups], id: linkedId });
  const row = locked.find(({ id }) => id === linkedId);
  if (row !== undefined && place.isOfOtherKeys) return { status: 'other_keys', grant: toGrant(row) };
  let before: Replaced = 'unknown';
  if (row !== undefined && !put.lookups.some((lookup) => isSame(row['lookup'], lookup))) {
    const own = toGrant(row);
    before = await judgeReplacedToken(query, put, own);
    if (isFromBefore(put, own) || before === 'later') return { status: 'outdated', grant: own };
  }
  const known = await putKnown(query, put, { ...place, before }, locked);
  if (known !== undefined) return known;
  if (row !== undefined) {
    const [counted] = await query(COUNT_OTHERS, { id: linkedId, name });
    const isShared = counted?.['others'] !== 0 && row['state'] !== 'dead';
    await noteReplacedToken(query, String(linkedId), isShared ? name : undefined);
    if (!isShared) return replaceRow(query, put, place, row);
  }
  const pair = put.sealFor({ id: put.grantId, generation: 1, epoch: 1 });
  const [inserted] = await query(INSERT, { id: put.grantId, ...columnsOf(put, pair) });
  await place.link({ id: put.grantId, client: put.client });
  await countPair(query, put.grantId);
  return { status: 'new', grant: toGrant(inserted ?? {}) };
};

/** What becomes of a token that a grant has, or has used. */
const putKnown = async (
  query: Query,
  put: Put,
  place: KnownPlace,
  locked: readonly Row[],
): Promise<PutResult | undefined> => {
  const { lookups } = put;
  const users = await query(FIND_USERS, { lookups: [...lookups] });
  for (const lookup of lookups) {
    const held = locked.find((row) => isSame(row['lookup'], lookup) && row['state'] !== 'closed');
    if (held !== undefined) return putHeld(query, put, place, held);
    const used = users.find((row) => isSame(row['fingerprint'], lookup));
    const result = used === undefined ? undefined : await putUsed(query, put, place, used);
    if (result !== undefined) return result;
  }
  return undefined;
};

/** A grant has this very token. */
const putHeld = async (query: Query, put: Put, place: Place, row: Row): Promise<PutResult> => {
  const grant = toGrant(row);
  const { linkedId } = place;
  const isOwn = linkedId === grant.id;
  const isOver = grant.state === 'dead' && !mayRevive(put, grant, grant.sinceMs);
  if (!isOwn) {
    if (!(await mayLink(query, put, grant))) return { status: 'held', grant };
    // What the connection has stays: it may live.
    if (isOver && linkedId !== undefined) return { status: 'dead', grant };
    if (linkedId !== undefined) await noteReplacedToken(query, linkedId, put.name);
    await place.link(grant);
    if (linkedId !== undefined) await query(CLOSE, { id: linkedId });
  }
  if (isOver) return { status: 'dead', grant };
  if (grant.state === 'dead') return replaceRow(query, put, place, row);
  if (!isOwn) return { status: 'linked', grant };
  if (isForSame(put, grant)) return { status: 'known', grant };
  return grant.sends.count > 0 ? { status: 'inflight', grant } : replaceRow(query, put, place, row);
};

/** A grant has had this token, and has its successor now, or it was refused. `undefined` where it gets another chance. */
const putUsed = async (
  query: Query,
  put: Put,
  { linkedId, link, before }: KnownPlace,
  row: Row,
): Promise<PutResult | undefined> => {
  const grant = toGrant(row);
  const isUsed = Boolean(row['is_used']);
  const isOutdated = isUsed && isAlive(grant);
  const overAtMs = isUsed ? grant.sinceMs : Number(row['over_at_ms']);
  const mayReturn = before === 'may_return' && !row['was_refused'];
  if (!isOutdated && (mayReturn || mayRevive(put, grant, overAtMs))) return undefined;
  const result: PutResult = { status: isOutdated ? 'outdated' : 'dead', grant };
  if (linkedId === grant.id) return result;
  if (!(await mayLink(query, put, grant))) return { status: 'held', grant };
  if (linkedId === undefined && isUsed) await link(grant);
  return result;
};

const mayLink = async (
  query: Query,
  { mayLink: isWanted, linkPrefix: prefix, client }: Put,
  grant: Grant,
): Promise<boolean> => {
  if (!isWanted || client !== grant.client) return false;
  if (prefix === undefined) return true;
  const foreign = await query(FIND_FOREIGN, { id: grant.id, prefix });
  return foreign.length === 0;
};

const isSame = (column: Row[string] | undefined, lookup: Uint8Array): boolean =>
  column instanceof Uint8Array && Buffer.compare(column, lookup) === 0;

const replaceRow = async (query: Query, put: Put, { links }: Place, row: Row): Promise<PutResult> => {
  const { id, generation, epoch, client } = toGrant(row);
  const pair = put.sealFor({ id, generation: generation + 1, epoch: epoch + 1 });
  const [replaced] = await query(REPLACE, { id, ...columnsOf(put, pair) });
  if (client !== put.client) await moveLinks(query, links, id, { id, client: put.client });
  await countPair(query, id);
  return { status: 'replaced', grant: toGrant(replaced ?? {}) };
};

/** What a pair from outside is in the columns of its row. */
export const columnsOf = (put: Put, pair: SealedPair): Row => ({
  client: put.client,
  params: JSON.stringify(put.params),
  sealed: pair.sealed,
  lookup: pair.lookup,
  issuedAt: pair.issuedAtMs,
  accessExpiresAt: pair.accessExpiresAtMs,
  refreshExpiresAt: pair.refreshExpiresAtMs ?? null,
  endsAt: pair.endsAtMs ?? null,
  dueAt: put.due?.atMs ?? null,
  dueRank: put.due?.rank ?? null,
});
