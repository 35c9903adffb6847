import type { DatabaseSync } from 'node:sqlite';
import { toSeconds } from '../../clock.ts';
import { CODE_KEPT_SECONDS, judgeCode } from '../../grants/authorization-code.ts';
import type { AuthorizationCode, CodeState } from '../../grants/authorization-code.ts';
import type { Grant } from '../../grants/grant.ts';
import type { CodeResult, CodeUse } from '../../grants/code-store.ts';
import type { Store } from '../../grants/store.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { GRANT_ID_TEXT, ID_MAX, ID_MIN, toGrantId, toOptionalText } from './rows.ts';
import type { Connection } from './store.ts';
import type { CoveredVehicles } from './vehicles.ts';

/** More than come in at a time, so that old codes never pile up; few, so that nobody waits for it. */
const DROPPED_AT_A_TIME = 16;

const prepareStatements = (database: DatabaseSync) => ({
  insert: database.prepare(
    `INSERT INTO codes (grant_id, client_id, redirect_uri, code_challenge, issued_at, subject, scope, brand, vehicles)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  select: database.prepare(
    `SELECT client_id, redirect_uri, code_challenge, issued_at, subject, scope, brand, vehicles, redeemed_at_ms,
      use_digest FROM codes WHERE grant_id = ?`,
  ),
  redeem: database.prepare('UPDATE codes SET redeemed_at_ms = ?, use_digest = ? WHERE grant_id = ?'),
  drop: database.prepare(
    'DELETE FROM codes WHERE grant_id IN (SELECT grant_id FROM codes WHERE issued_at < ? ORDER BY issued_at LIMIT ?)',
  ),
  consent: database.prepare('INSERT OR IGNORE INTO consents (subject, grant_id) VALUES (?, ?)'),
  listConsents: database.prepare(
    `SELECT ${GRANT_ID_TEXT('grant_id')} AS id FROM consents WHERE subject = ? AND grant_id >= ? ORDER BY grant_id LIMIT ?`,
  ),
});

type CodeVerbs = Pick<Store, 'createCode' | 'redeemCode' | 'listConsents'>;

/** Codes, and what becomes of them: grants with their vehicles, and whose consent they rest on. */
export const createCodeVerbs = (
  { database, commits, read }: Connection,
  {
    rows,
    clients,
    vehicles,
    grantEvents,
  }: { rows: GrantRows; clients: KnownClients; vehicles: CoveredVehicles; grantEvents: GrantEvents },
): CodeVerbs => {
  const sql = prepareStatements(database);

  const createCode = (code: AuthorizationCode): 'created' | 'client_unknown' | 'id_taken' => {
    const { grantId, clientId, redirectUri, codeChallenge, issuedAt, subject, scope, brand } = code;
    sql.drop.run(issuedAt - CODE_KEPT_SECONDS, DROPPED_AT_A_TIME);
    if (clients.read(clientId).client === undefined) return 'client_unknown';
    if (rows.read(grantId) !== undefined || sql.select.get(grantId) !== undefined) return 'id_taken';
    const what = [subject, scope, brand ?? null, JSON.stringify(code.vehicles)];
    sql.insert.run(grantId, clientId, redirectUri, codeChallenge ?? null, issuedAt, ...what);
    return 'created';
  };

  const readCode = (grantId: GrantId): CodeState | undefined => {
    const row = sql.select.get(grantId);
    if (row === undefined) return undefined;
    return {
      grantId,
      clientId: String(row['client_id']),
      redirectUri: String(row['redirect_uri']),
      codeChallenge: row['code_challenge'] === null ? undefined : String(row['code_challenge']),
      issuedAt: Number(row['issued_at']),
      subject: String(row['subject']),
      scope: String(row['scope']),
      brand: toOptionalText(row['brand']),
      vehicles: JSON.parse(String(row['vehicles'])) as readonly Vehicle[],
      redeemedAtMs: row['redeemed_at_ms'] === null ? undefined : Number(row['redeemed_at_ms']),
      useDigest: row['use_digest'] instanceof Uint8Array ? row['use_digest'] : undefined,
    };
  };

  /** Reads, judges and writes. Runs inside a transaction, and no `await` is possible in between. */
  const redeemCode = (use: CodeUse): CodeResult | 'client_gone' => {
    const { presented, nowMs, requestId } = use;
    const { client } = clients.read(presented.clientId);
    if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
    const { policy } = client;
    const code = readCode(presented.grantId);
    const verdict = judgeCode(code, presented, nowMs);
    const result = { verdict, policy, hasRevoked: false };
    if (code === undefined || verdict.kind === 'refuse') return { ...result, grant: undefined };
    if (verdict.kind === 'redeem') return { ...result, grant: makeGrant(code, use) };
    const grant = rows.read(presented.grantId);
    if (verdict.kind === 'repeat' || grant === undefined || grant.revocation !== undefined)
      return { ...result, grant };
    const revocation = { at: toSeconds(nowMs), cause: 'code_replay' } as const;
    return { ...result, grant: rows.revoke(grant, revocation, { nowMs, requestId }), hasRevoked: true };
  };

  const makeGrant = (code: CodeState, { nowMs, keyNumber, requestId, presented }: CodeUse): Grant => {
    const { grantId, clientId, subject, scope, brand } = code;
    const grant: Grant = {
      id: grantId,
      clientId,
      subject,
      scope,
      brand,
      createdAt: toSeconds(nowMs),
      generation: 0,
      keyNumber,
      rotatedAtMs: [],
      rotatedBy: undefined,
      useDigest: undefined,
      revocation: undefined,
    };
    const made = rows.insert(grant);
    if (made !== 'created') throw new Error(`the grant of a code could not be made: ${made}`);
    sql.redeem.run(nowMs, presented.useDigest ?? null, grantId);
    sql.consent.run(subject, grantId);
    for (const vehicle of code.vehicles) vehicles.add(grantId, vehicle);
    const vins = code.vehicles.map(({ vin }) => vin);
    grantEvents.add({
      atMs: nowMs,
      kind: 'grant.created',
      grantId,
      clientId,
      subject,
      requestId,
      cause: undefined,
      vins,
    });
    return grant;
  };

  return {
    createCode: (code) => commits.run(() => createCode(code)),
    async redeemCode(use, issue) {
      const result = await commits.run(() => redeemCode(use));
      if (result !== 'client_gone') await issue?.(result);
      return result;
    },
    listConsents: (subject, { after, limit }) =>
      read(() => {
        if (after === ID_MAX) return [];
        const from = after === undefined ? ID_MIN : after + 1n;
        const ids = sql.listConsents.all(subject, from, limit).map((row) => toGrantId(row['id']));
        return ids.flatMap((id) => rows.read(id) ?? []);
      }),
  };
};
