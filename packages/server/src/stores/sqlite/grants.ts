import type { DatabaseSync, StatementResultingChanges } from 'node:sqlite';
import { applyVerdict } from '../../grants/apply-verdict.ts';
import type { FactKind } from '../../grants/fact.ts';
import type { Grant, Revocation } from '../../grants/grant.ts';
import { judge } from '../../grants/judge.ts';
import { describeReplay } from '../../grants/replay.ts';
import { standingOf } from '../../grants/standing.ts';
import type { Occasion, Page, RefreshResult, RefreshUse, Store } from '../../grants/store.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { CallerNames } from './callers.ts';
import type { Facts } from './facts.ts';
import type { KnownClients } from './known-clients.ts';
import { createReplayRecords } from './replays.ts';
import { packMoments } from './moments.ts';
import { GRANT_COLUMNS, GRANT_ID_TEXT, ID_MAX, ID_MIN, prepareValues, toGrant, toGrantId } from './rows.ts';
import type { Values } from './rows.ts';
import type { ScopeNames } from './scopes.ts';
import type { Connection } from './store.ts';
import type { CoveredVehicles } from './vehicles.ts';

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

/** What the other verbs do with the rows of grants, inside the running transaction. */
export type GrantRows = {
  read(id: GrantId): Grant | undefined;
  insert(grant: Grant): 'created' | 'client_unknown' | 'id_taken';
  /** Ends a grant that is not ended yet, and keeps the fact. */
  revoke(grant: Grant, revocation: Revocation, occasion: Occasion): Grant;
};

const ID = GRANT_ID_TEXT('id');
/** A client that goes on presenting a dead token makes one fact in this time, not one for each. */
const REPLAY_FACT_INTERVAL_MS = 3_600_000;
const OF_CLIENT = 'client = (SELECT number FROM clients WHERE id = ?)';

const prepareStatements = (database: DatabaseSync) => ({
  select: prepareValues(database, `SELECT ${GRANT_COLUMNS} FROM grants WHERE id = ?`),
  list: prepareValues(
    database,
    `SELECT ${GRANT_COLUMNS}, ${ID} FROM grants WHERE id >= ? ORDER BY id LIMIT ?`,
  ),
  listOfClient: prepareValues(
    database,
    `SELECT ${GRANT_COLUMNS}, ${ID} FROM grants WHERE ${OF_CLIENT} AND id >= ? ORDER BY id LIMIT ?`,
  ),
  count: database.prepare('SELECT count(*) AS grants FROM grants'),
  countOfClient: database.prepare(`SELECT count(*) AS grants FROM grants WHERE ${OF_CLIENT}`),
  insert: database.prepare(`INSERT INTO grants
    (id, client, generation, key_number, created_at, rotated_at_ms, caller, use_digest, revoked_at, revocation_cause,
      brand, subject, scope_number)
    SELECT ?, number, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM clients WHERE id = ?`),
  advance: database.prepare(`UPDATE grants
    SET generation = ?, key_number = ?, rotated_at_ms = ?, caller = ?, use_digest = ? WHERE id = ? AND generation = ?`),
  setRevocation: database.prepare('UPDATE grants SET revoked_at = ?, revocation_cause = ? WHERE id = ?'),
  remove: database.prepare('DELETE FROM grants WHERE id = ?'),
  removeConsent: database.prepare('DELETE FROM consents WHERE subject = ? AND grant_id = ?'),
});

export const createGrantVerbs = (
  { database, commits, read }: Connection,
  {
    callers,
    scopes,
    clients,
    facts,
    vehicles,
  }: {
    callers: CallerNames;
    scopes: ScopeNames;
    clients: KnownClients;
    facts: Facts;
    vehicles: CoveredVehicles;
  },
): { readonly verbs: GrantVerbs; readonly rows: GrantRows } => {
  const sql = prepareStatements(database);
  const replays = createReplayRecords(database, callers);
  const { clientIdOf } = clients;
  const { scopeOf } = scopes;
  const { callerOf } = callers;
  const names = { clientIdOf, scopeOf, callerOf };
  const parse = (values: Values, id: GrantId): Grant => toGrant(values, id, names);

  const readGrant = (id: GrantId): Grant | undefined => {
    const values = sql.select.get(id);
    return values === undefined ? undefined : parse(values, id);
  };

  /** Reads, judges and writes one row. Runs inside a transaction, and no `await` is possible in between. */
  const refresh = (use: RefreshUse): RefreshResult | 'client_gone' => {
    const { presented, nowMs, caller, requestId } = use;
    const client = clients.read(presented.clientId).client;
    if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
    const { policy } = client;
    const before = readGrant(presented.grantId);
    const verdict = judge(before, presented, nowMs, policy);
    if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
    const grant = applyVerdict(before, verdict, use);
    if (grant.generation !== before.generation) writeSuccessor(before, grant);
    if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
    const { gap, response } = verdict;
    const replay = describeReplay(
      before,
      { generation: presented.generation, gap, response },
      { nowMs, caller },
    );
    const last = replays.read(grant.id);
    if (last === undefined || nowMs - last.atMs >= REPLAY_FACT_INTERVAL_MS)
      tell('grant.replayed', grant, { nowMs, requestId, cause: replay.looksLike });
    replays.write(grant.id, replay);
    if (grant.revocation !== undefined) revoke(before, grant.revocation, { nowMs, requestId });
    return { verdict, grant, policy, replay };
  };

  const writeSuccessor = (
    before: Grant,
    { generation, keyNumber, rotatedAtMs, rotatedBy, useDigest }: Grant,
  ): void => {
    const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
    const moments = packMoments(rotatedAtMs);
    const { id, generation: from } = before;
    expectOne(sql.advance.run(generation, keyNumber, moments, caller, useDigest ?? null, id, from));
  };

  const writeRevocation = ({ id, revocation }: Grant): void => {
    expectOne(sql.setRevocation.run(revocation?.at ?? null, revocation?.cause ?? null, id));
  };

  const tell = (
    kind: FactKind,
    { id: grantId, clientId, subject }: Grant,
    { nowMs: atMs, requestId, cause }: Occasion & { readonly cause?: string },
    vins: readonly string[] = [],
  ): void => facts.add({ atMs, kind, grantId, clientId, subject, requestId, cause, vins });

  const revoke = (grant: Grant, revocation: Revocation, occasion: Occasion): Grant => {
    const revoked = { ...grant, revocation };
    writeRevocation(revoked);
    const vins = vehicles.list(grant.id).map(({ vin }) => vin);
    tell('grant.revoked', grant, { ...occasion, cause: revocation.cause }, vins);
    return revoked;
  };

  const createGrant = (grant: Grant): 'created' | 'client_unknown' | 'id_taken' => {
    if (sql.select.get(grant.id) !== undefined) return 'id_taken';
    const { id, generation, keyNumber, createdAt, rotatedAtMs, rotatedBy, useDigest, revocation } = grant;
    const caller = rotatedBy === undefined ? null : callers.numberOf(rotatedBy);
    const state = [id, generation, keyNumber, createdAt, packMoments(rotatedAtMs), caller, useDigest ?? null];
    const end = [revocation?.at ?? null, revocation?.cause ?? null];
    const { brand = null, subject, scope, clientId } = grant;
    const { changes } = sql.insert.run(...state, ...end, brand, subject, scopes.numberOf(scope), clientId);
    return changes === 1 ? 'created' : 'client_unknown';
  };

  const list: (page: Page & { readonly clientId?: string | undefined }) => readonly Grant[] = (page) => {
    const { after, limit, clientId } = page;
    if (after === ID_MAX) return [];
    const from = after === undefined ? ID_MIN : after + 1n;
    const rows =
      clientId === undefined ? sql.list.all(from, limit) : sql.listOfClient.all(clientId, from, limit);
    return rows.map((values) => parse(values, toGrantId(values.at(-1))));
  };

  const isEnded = (grant: Grant, endedBefore: number): boolean => {
    const client = clients.read(grant.clientId).client;
    return client !== undefined && standingOf(grant, client.policy, 0).endsAt < endedBefore;
  };

  const verbs: GrantVerbs = {
    refresh: (use) => commits.run(() => refresh(use)),
    createGrant: (grant) => commits.run(() => createGrant(grant)),
    readGrant: (id) => read(() => readGrant(id)),
    readReplay: (id) => read(() => replays.read(id)),
    listGrants: (page) => read(() => list(page)),
    countGrants: (clientId) =>
      read(() =>
        Number((clientId === undefined ? sql.count.get() : sql.countOfClient.get(clientId))?.['grants']),
      ),
    revoke: (id, { at, cause, requestId }) =>
      commits.run(() => {
        const grant = readGrant(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation !== undefined) return 'revoked_before';
        revoke(grant, { at, cause }, { nowMs: at * 1000, requestId });
        return 'revoked';
      }),
    reinstate: (id, at) =>
      commits.run(() => {
        const grant = readGrant(id);
        if (grant === undefined) return 'unknown';
        if (grant.revocation === undefined) return 'not_revoked';
        writeRevocation({ ...grant, revocation: undefined });
        tell('grant.reinstated', grant, { nowMs: at * 1000, requestId: undefined });
        return 'reinstated';
      }),
    prune: ({ after, limit, endedBefore }) =>
      commits.run(() => {
        const page = list({ after, limit });
        const ended = page.filter((grant) => isEnded(grant, endedBefore));
        for (const { id, subject } of ended) {
          sql.removeConsent.run(subject, id);
          sql.remove.run(id);
        }
        return { pruned: ended.length, next: page.length === limit ? page.at(-1)?.id : undefined };
      }),
  };
  return { verbs, rows: { read: readGrant, insert: createGrant, revoke } };
};

/** The row was read in this very transaction; another number of changes is a bug, and must not be committed. */
const expectOne = ({ changes }: StatementResultingChanges): void => {
  if (changes !== 1) throw new Error(`one row was to change, and ${changes} did`);
};
