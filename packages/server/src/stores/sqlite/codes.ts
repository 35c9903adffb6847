import type { DatabaseSync } from 'node:sqlite';
import { isEnabled } from '../../clients/client.ts';
import type { Millis } from '../../clock.ts';
import type { AuthorizationCode, CodeState } from '../../grants/code.ts';
import type { CodeResult, CodeStore, CodeUse } from '../../grants/code-store.ts';
import type { ConsentStore } from '../../grants/consent-store.ts';
import { decideCode, NOTHING_REDEEMED } from '../../grants/decide-code.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { writeVehicleData } from '../../grants/vehicle-data.ts';
import type { GrantId } from '../../tokens/grant-id.ts';
import type { Connection } from './connection.ts';
import type { CoveredVehicles } from './covered-vehicles.ts';
import type { GrantEvents } from './grant-events.ts';
import type { GrantRows } from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { GRANT_ID_TEXT, ID_MAX, ID_MIN, toGrantId, toOptionalText, toVehicleData } from './rows.ts';

/** More than arrive at a time, so that old codes never pile up; few, so that no request waits for it. */
const DROPPED_AT_A_TIME = 16;

const prepareStatements = (database: DatabaseSync) => ({
  insert: database.prepare(
    `INSERT INTO codes (grant_id, client_id, redirect_uri, code_challenge, key_thumbprint, issued_at_ms, subject, scope, brand,
      vehicles, vehicle_data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  select: database.prepare(
    `SELECT client_id, redirect_uri, code_challenge, key_thumbprint, issued_at_ms, subject, scope, brand, vehicles, vehicle_data,
      redeemed_at_ms, use_digest FROM codes WHERE grant_id = ?`,
  ),
  redeem: database.prepare('UPDATE codes SET redeemed_at_ms = ?, use_digest = ? WHERE grant_id = ?'),
  drop: database.prepare(
    'DELETE FROM codes WHERE grant_id IN (SELECT grant_id FROM codes WHERE issued_at_ms < ? ORDER BY issued_at_ms LIMIT ?)',
  ),
  listConsents: database.prepare(
    `SELECT ${GRANT_ID_TEXT('grant_id')} AS id FROM consents WHERE subject = ? AND grant_id >= ? ORDER BY grant_id LIMIT ?`,
  ),
});

/** Stores a code inside a transaction. */
type CreateCode = (
  code: AuthorizationCode,
  dropBeforeMs?: Millis,
) => 'created' | 'client_unknown' | 'id_taken';

/** What the verbs of codes read and write. */
type Tables = {
  readonly rows: GrantRows;
  readonly clients: KnownClients;
  readonly vehicles: CoveredVehicles;
  readonly grantEvents: GrantEvents;
};

/** Authorization codes, the grants that they make, and the consents that those rest on. `createCodeNow` runs inside a transaction. */
export const createCodeVerbs = (
  { database, commits, read }: Connection,
  { rows, clients, vehicles, grantEvents }: Tables,
): { readonly verbs: CodeStore & Pick<ConsentStore, 'listConsents'>; readonly createCodeNow: CreateCode } => {
  const sql = prepareStatements(database);

  const createCode: CreateCode = (code, dropBeforeMs = 0) => {
    const { grantId, clientId, redirectUri, issuedAtMs, subject, scope, brand } = code;
    const bound = [code.codeChallenge ?? null, code.keyThumbprint ?? null];
    if (dropBeforeMs > 0) sql.drop.run(dropBeforeMs, DROPPED_AT_A_TIME);
    if (clients.read(clientId).client === undefined) return 'client_unknown';
    if (rows.read(grantId) !== undefined || sql.select.get(grantId) !== undefined) return 'id_taken';
    const data = code.vehicleData === undefined ? null : writeVehicleData(code.vehicleData);
    const what = [subject, scope, brand ?? null, JSON.stringify(code.vehicles), data];
    // Empty where the request named none.
    sql.insert.run(grantId, clientId, redirectUri ?? '', ...bound, issuedAtMs, ...what);
    return 'created';
  };

  const readCode = (grantId: GrantId): CodeState | undefined => {
    const row = sql.select.get(grantId);
    if (row === undefined) return undefined;
    return {
      grantId,
      clientId: String(row['client_id']),
      redirectUri: row['redirect_uri'] === '' ? undefined : String(row['redirect_uri']),
      codeChallenge: row['code_challenge'] === null ? undefined : String(row['code_challenge']),
      keyThumbprint: toOptionalText(row['key_thumbprint']),
      issuedAtMs: Number(row['issued_at_ms']),
      subject: String(row['subject']),
      scope: String(row['scope']),
      brand: toOptionalText(row['brand']),
      vehicles: JSON.parse(String(row['vehicles'])) as readonly Vehicle[],
      redeemedAtMs: row['redeemed_at_ms'] === null ? undefined : Number(row['redeemed_at_ms']),
      useDigest: row['use_digest'] instanceof Uint8Array ? row['use_digest'] : undefined,
      ...toVehicleData(row['vehicle_data'], 'codes.vehicle_data'),
    };
  };

  /** Reads, decides and writes. Runs inside a transaction, and no `await` is possible in between. */
  const redeemCode = (use: CodeUse): CodeResult | 'client_gone' => {
    const { grantId, clientId } = use.presented;
    const { client } = clients.read(clientId);
    if (!isEnabled(client)) return 'client_gone';
    const code = readCode(grantId);
    const before =
      code?.redeemedAtMs === undefined
        ? NOTHING_REDEEMED
        : { grant: rows.read(grantId), vehicles: vehicles.list(grantId) };
    const { result, redeemed, grantEvents: events } = decideCode(code, before, use, client.policy);
    if (redeemed !== undefined && result.grant !== undefined) {
      const made = rows.insert(result.grant);
      if (made !== 'created') throw new Error(`the grant of a code could not be made: ${made}`);
      sql.redeem.run(redeemed.redeemedAtMs ?? null, redeemed.useDigest ?? null, grantId);
      rows.addConsent(result.grant);
      vehicles.replace(grantId, redeemed.vehicles);
    }
    if (result.hasRevoked && result.grant !== undefined) rows.writeRevocation(result.grant);
    grantEvents.addAll(events);
    return result;
  };

  const verbs: CodeStore & Pick<ConsentStore, 'listConsents'> = {
    createCode: (code, dropBeforeMs) => commits.run(() => createCode(code, dropBeforeMs)),
    readCode: (grantId) => read(() => readCode(grantId)),
    redeemCode: (use, issue) =>
      commits.run(
        () => redeemCode(use),
        (result) => (result === 'client_gone' ? undefined : issue?.(result)),
      ),
    listConsents: (subject, { after, limit }) =>
      read(() => {
        if (after === ID_MAX) return [];
        const from = after === undefined ? ID_MIN : after + 1n;
        const ids = sql.listConsents.all(subject, from, limit).map((row) => toGrantId(row['id']));
        return ids.flatMap((id) => rows.read(id) ?? []);
      }),
  };
  return { verbs, createCodeNow: createCode };
};
