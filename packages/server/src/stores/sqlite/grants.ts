import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Client } from '../../clients/client.ts';
import { applyVerdict } from '../../grants/apply-verdict.ts';
import type { Grant } from '../../grants/grant.ts';
import { judge } from '../../grants/judge.ts';
import { describeReplay } from '../../grants/replay.ts';
import { standingOf } from '../../grants/standing.ts';
import type { Page, RefreshResult, RefreshUse, Store } from '../../grants/store.ts';
import type { CallerNames } from './callers.ts';
import { createReplayRecords } from './replays.ts';
import { packMoments, toGrant, toGrantId } from './rows.ts';
import type { Row } from './rows.ts';
import type { Connection } from './store.ts';

type GrantVerbs = Pick<
  Store,
  | 'refresh'
  | 'createGrant'
  | 'readGrant'
  | 'readReplay'
  | 'listGrants'
  | 'countGrants'
  | 'revoke'
  | 'reinstate'
  | 'prune'
>;

/** The range of a signed 64-bit integer. */
const ID_MIN = -(2n ** 63n);
const ID_MAX = 2n ** 63n - 1n;
const COLUMNS = `owner.id AS client_id, grants.subject, grants.scope,
  grants.brand, grants.created_at, grants.generation, grants.key_number, grants.rotated_at_ms, grants.caller,
  grants.use_digest, grants.revoked_at, grants.revocation_cause`;
/** As text, because a JavaScript number holds no 64 bits. */
const ID = `printf('%016x', grants.id) AS grant_id`;
const FROM = 'FROM grants JOIN clients AS owner ON owner.number = grants.client';

const prepareStatements = (database: DatabaseSync) => ({
  select: database.prepare(`SELECT ${COLUMNS} ${FROM} WHERE grants.id = ?`),
  list: database.prepare(`SELECT ${ID}, ${COLUMNS} ${FROM} WHERE grants.id >= ? ORDER BY grants.id LIMIT ?`),
  listOfClient: database.prepare(
    `SELECT ${ID}, ${COLUMNS} ${FROM} WHERE owner.id = ? AND grants.id >= ? ORDER BY grants.id LIMIT ?`,
  ),
  count: database.prepare('SELECT count(*) AS grants FROM grants'),
  countOfClient: database.prepare(
    'SELECT count(*) AS grants FROM grants WHERE client = (SELECT number FROM clients WHERE id = ?)',
  ),
  insert: database.prepare(`INSERT INTO grants
    (id, client, generation, key_number, created_at, rotated_at_ms, caller, use_digest, revoked_at, revocation_cause,
      brand, subject, scope)
    SELECT ?, number, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM clients WHERE id = ?`),
  advance: database.prepare(`UPDATE grants
    SET generation = ?, key_number = ?, rotated_at_ms = ?, caller = ?, use_digest = ? WHERE id = ? AND generation = ?`),
  setRevocation: database.prepare('UPDATE grants SET revoked_at = ?, revocation_cause = ? WHERE id = ?'),
  remove: database.prepare('DELETE FROM grants WHERE id = ?'),
});

export const createGrantVerbs = (
  { database, commits, read }: Connection,
  callers: CallerNames,
  readClient: (id: string) => Client | undefined,
): GrantVerbs => {
  const sql = prepareStatements(database);
  const replays = createReplayRecords(database, callers);
  const parse = (row: Row): Grant => toGrant(row, toGrantId(row), callers.callerOf);

  const readGrant = (id: bigint): Grant | undefined => {
    const row = sql.select.get(id);
    return row === undefined ? undefined : toGrant(row, id, callers.callerOf);
  };

  /** Reads, judges and writes one row. Runs inside a transaction, and no `await` is possible in between. */
  const refresh = (use: RefreshUse): RefreshResult | 'client_gone' => {
    const { presented, nowMs, caller } = use;
    const client = readClient(presented.clientId);
    if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
    const { policy } = client;
    const before = readGrant(presented.grantId);
    const verdict = judge(before, presented, nowMs, policy);
    if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
    const grant = applyVerdict(before, verdict, use);
    if (grant.generation !== before.generation) writeSuccessor(before, grant);
    if (grant.revocation !== before.revocation) writeRevocation(grant);
    if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
    const { gap, response } = verdict;
    const replay = describeReplay(
      before,
      { generation: presented.generation, gap, response },
      { nowMs, caller },
    );
    replays.write(grant.id, replay);
    return { verdict, grant, policy, replay };
  };

  const writeSuccessor = (
    before: Grant,
    { generation, keyNumber, rotatedAtMs, rotatedBy, useDigest }: Grant,
  ): void => {
    const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
    const successor = [generation, keyNumber, packMoments(rotatedAtMs), caller, useDigest ?? null];
    expectOne(sql.advance, [...successor, before.id, before.generation]);
  };

  const writeRevocation = ({ id, revocation }: Grant): void => {
    expectOne(sql.setRevocation, [revocation?.at ?? null, revocation?.cause ?? null, id]);
  };

  const createGrant = (grant: Grant): 'created' | 'client_unknown' | 'id_taken' => {
    if (sql.select.get(grant.id) !== undefined) return 'id_taken';
    const { id, generation, keyNumber, createdAt, rotatedAtMs, rotatedBy, useDigest, revocation } = grant;
    const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
    const state = [id, generation, keyNumber, createdAt, packMoments(rotatedAtMs), caller, useDigest ?? null];
    const end = [revocation?.at ?? null, revocation?.cause ?? null];
    const { brand = null, subject, scope, clientId } = grant;
    const { changes } = sql.insert.run(...state, ...end, brand, subject, scope, clientId);
    return changes === 1 ? 'created' : 'client_unknown';
  };

  const list: (page: Page & { readonly clientId?: string | undefined }) => readonly Grant[] = (page) => {
    const { after, limit, clientId } = page;
    if (after === ID_MAX) return [];
    const from = after === undefined ? ID_MIN : after + 1n;
    const rows =
      clientId === undefined ? sql.list.all(from, limit) : sql.listOfClient.all(clientId, from, limit);
    return rows.map(parse);
  };

  const isEnded = (grant: Grant, endedBefore: number): boolean => {
    const client = readClient(grant.clientId);
    return client !== undefined && standingOf(grant, client.policy, 0).endsAt < endedBefore;
  };

  return {
    refresh: (use) => commits.run(() => refresh(use)),
    createGrant: (grant) => commits.run(() => createGrant(grant)),
    readGrant: (id) => read(() => readGrant(id)),
    readReplay: (id) => read(() => replays.read(id)),
    listGrants: (page) => read(() => list(page)),
    countGrants: (clientId) =>
      read(() =>
        Number((clientId === undefined ? sql.count.get() : sql.countOfClient.get(clientId))?.['grants']),
      ),
    revoke: (id, { at, cause }) =>
      commits.run(() => {
        const grant = readGrant(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation !== undefined) return 'revoked_before';
        writeRevocation({ ...grant, revocation: { at, cause } });
        return 'revoked';
      }),
    reinstate: (id) =>
      commits.run(() => {
        const grant = readGrant(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation === undefined) return 'not_revoked';
        writeRevocation({ ...grant, revocation: undefined });
        return 'reinstated';
      }),
    prune: ({ after, limit, endedBefore }) =>
      commits.run(() => {
        const page = list({ after, limit });
        const ended = page.filter((grant) => isEnded(grant, endedBefore));
        for (const { id } of ended) sql.remove.run(id);
        return { pruned: ended.length, next: page.length === limit ? page.at(-1)?.id : undefined };
      }),
  };
};

/** The row was read in this very transaction; another number of changes is a bug, and must not be committed. */
const expectOne = (statement: StatementSync, values: readonly SQLInputValue[]): void => {
  const { changes } = statement.run(...values);
  if (changes !== 1) throw new Error(`one row was to change, and ${changes} did`);
};
