import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { AuthorizationCode } from '../../grants/code.ts';
import { decidePoll, decideSettlement } from '../../grants/decide-device.ts';
import type { PollOutcome, SettledOutcome } from '../../grants/decide-device.ts';
import type { DeviceRequest } from '../../grants/device-request.ts';
import { codeOf } from '../../grants/device-store.ts';
import type { DevicePoll, DeviceStore } from '../../grants/device-store.ts';
import type { Connection } from './connection.ts';
import type { KnownClients } from './known-clients.ts';
import { GRANT_ID_TEXT, toGrantId, toOptionalText } from './rows.ts';

/** More than arrive at a time, so that old requests never pile up; few, so that no request waits for it. */
const DROPPED_AT_A_TIME = 16;

const COLUMNS = `${GRANT_ID_TEXT('grant_id')} AS grant_id, client_id, user_code, scope, code_challenge, issued_at_ms,
  interval_seconds, polled_at_ms, settled`;

const prepareStatements = (database: DatabaseSync) => ({
  insert: database.prepare(
    `INSERT INTO device_requests (grant_id, client_id, user_code, scope, code_challenge, issued_at_ms,
      interval_seconds) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  ),
  isTaken: database.prepare(
    'SELECT 1 AS one FROM grants WHERE id = ?1 UNION ALL SELECT 1 FROM codes WHERE grant_id = ?1',
  ),
  byUserCode: database.prepare(`SELECT ${COLUMNS} FROM device_requests WHERE user_code = ?`),
  byGrantId: database.prepare(`SELECT ${COLUMNS} FROM device_requests WHERE grant_id = ?`),
  poll: database.prepare(
    'UPDATE device_requests SET interval_seconds = ?, polled_at_ms = ? WHERE grant_id = ?',
  ),
  settle: database.prepare('UPDATE device_requests SET settled = ? WHERE grant_id = ?'),
  drop: database.prepare(
    `DELETE FROM device_requests WHERE grant_id IN
    (SELECT grant_id FROM device_requests WHERE issued_at_ms < ? ORDER BY issued_at_ms LIMIT ?)`,
  ),
});

/** The requests of devices, and what owners decide about them. `createCode` runs inside a transaction. */
export const createDeviceVerbs = (
  { database, commits, read }: Connection,
  clients: KnownClients,
  createCode: (code: AuthorizationCode) => 'created' | 'client_unknown' | 'id_taken',
): DeviceStore => {
  const sql = prepareStatements(database);

  const settle: (...settlement: Parameters<DeviceStore['settleDeviceRequest']>) => SettledOutcome = (
    userCode,
    settlement,
    now,
  ) => {
    const request = toRequest(sql.byUserCode.get(userCode));
    const outcome = decideSettlement(request, now);
    if (outcome !== 'settled' || request === undefined) return outcome;
    if (settlement.kind === 'approved') {
      const made = createCode(codeOf(request, settlement.consent, now));
      if (made === 'client_unknown') return made;
      if (made === 'id_taken') return 'settled_before';
    }
    sql.settle.run(settlement.kind, request.grantId);
    return outcome;
  };

  const poll = ({ presented, ...now }: DevicePoll): PollOutcome => {
    const { grantId } = presented;
    const { outcome, changed } = decidePoll(toRequest(sql.byGrantId.get(grantId)), presented, now);
    if (changed !== undefined) sql.poll.run(changed.intervalSeconds, changed.polledAtMs ?? null, grantId);
    return outcome;
  };

  return {
    createDeviceRequest: (request, dropBeforeMs = 0) =>
      commits.run(() => {
        const { grantId, clientId, userCode, scope, codeChallenge = null } = request;
        if (dropBeforeMs > 0) sql.drop.run(dropBeforeMs, DROPPED_AT_A_TIME);
        if (clients.read(clientId).client === undefined) return 'client_unknown';
        if (sql.isTaken.get(grantId) !== undefined) return 'taken';
        const { changes } = sql.insert.run(
          grantId,
          clientId,
          userCode,
          scope,
          codeChallenge,
          request.issuedAtMs,
          request.intervalSeconds,
        );
        return changes === 0 ? 'taken' : 'created';
      }),
    findDeviceRequest: (userCode) => read(() => toRequest(sql.byUserCode.get(userCode))),
    settleDeviceRequest: (...settlement) => commits.run(() => settle(...settlement)),
    pollDeviceRequest: (one) => commits.run(() => poll(one)),
  };
};

const toRequest = (row: Readonly<Record<string, SQLOutputValue>> | undefined): DeviceRequest | undefined => {
  if (row === undefined) return undefined;
  const settled = row['settled'];
  return {
    grantId: toGrantId(row['grant_id']),
    clientId: String(row['client_id']),
    userCode: String(row['user_code']),
    scope: String(row['scope']),
    codeChallenge: toOptionalText(row['code_challenge']),
    issuedAtMs: Number(row['issued_at_ms']),
    intervalSeconds: Number(row['interval_seconds']),
    polledAtMs: row['polled_at_ms'] === null ? undefined : Number(row['polled_at_ms']),
    settled: settled === 'approved' || settled === 'declined' ? settled : undefined,
  };
};
