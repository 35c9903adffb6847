import { decidePoll, decideSettlement } from '../../../grants/decide-device.ts';
import type { SettledOutcome } from '../../../grants/decide-device.ts';
import type { DeviceRequest } from '../../../grants/device-request.ts';
import { codeOf } from '../../../grants/device-store.ts';
import type { DeviceStore } from '../../../grants/device-store.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row, Transaction } from '../connection/transaction.ts';
import { createCode } from './codes.ts';
import { lockClient, readGrant } from './grant-rows.ts';
import { toNumber, toText } from './rows.ts';

/** More than one, so that old requests never pile up; few, so that it takes no time. */
const DROPPED_AT_A_TIME = 16;

const INSERT = `INSERT INTO device_requests
    (grant_id, client_id, user_code, scope, code_challenge, issued_at_ms, interval_seconds)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING grant_id`;
const DROP = `DELETE FROM device_requests WHERE grant_id IN
  (SELECT grant_id FROM device_requests WHERE issued_at_ms < $1 ORDER BY issued_at_ms LIMIT $2 FOR UPDATE ${SKIP_LOCKED})`;
const POLL = 'UPDATE device_requests SET interval_seconds = $2, polled_at_ms = $3 WHERE grant_id = $1';
const BY_USER_CODE = 'SELECT * FROM device_requests WHERE user_code = $1';

/** The requests of devices, and what owners decide about them. */
export const createDeviceVerbs = ({ read, transact }: Connections): DeviceStore => ({
  createDeviceRequest: (request, dropBeforeMs = 0) =>
    transact(async ({ query, write }) => {
      const { grantId, clientId, userCode, scope, codeChallenge = null } = request;
      const [isKnown, grant, codes] = await Promise.all([
        lockClient(query, clientId),
        readGrant(query, grantId),
        query('SELECT grant_id FROM codes WHERE grant_id = $1', [grantId]),
      ]);
      if (dropBeforeMs > 0) write(DROP, [dropBeforeMs, DROPPED_AT_A_TIME]);
      if (!isKnown) return 'client_unknown';
      if (grant !== undefined || codes.length > 0) return 'taken';
      const values = [
        grantId,
        clientId,
        userCode,
        scope,
        codeChallenge,
        request.issuedAtMs,
        request.intervalSeconds,
      ];
      return (await query(INSERT, values)).length === 1 ? 'created' : 'taken';
    }),
  async findDeviceRequest(userCode) {
    const [row] = await read(BY_USER_CODE, [userCode]);
    return row && toRequest(row);
  },
  settleDeviceRequest: (...settlement) => transact((transaction) => settleLocked(transaction, settlement)),
  pollDeviceRequest: ({ presented, ...now }) =>
    transact(async ({ query, write }) => {
      const { grantId } = presented;
      const [row] = await query('SELECT * FROM device_requests WHERE grant_id = $1 FOR UPDATE', [grantId]);
      const { outcome, changed } = decidePoll(row && toRequest(row), presented, now);
      if (changed !== undefined) write(POLL, [grantId, changed.intervalSeconds, changed.polledAtMs]);
      return outcome;
    }),
});

/** The client is locked first, as everywhere: its removal locks its codes after it. */
const settleLocked = async (
  transaction: Transaction,
  [userCode, settlement, now]: Parameters<DeviceStore['settleDeviceRequest']>,
): Promise<SettledOutcome> => {
  const { query, write } = transaction;
  const [found] = await query(BY_USER_CODE, [userCode]);
  if (found !== undefined) await lockClient(query, String(found['client_id']));
  const [row] = await query(`${BY_USER_CODE} FOR UPDATE`, [userCode]);
  const request = row && toRequest(row);
  const outcome = decideSettlement(request, now);
  if (outcome !== 'settled' || request === undefined) return outcome;
  if (settlement.kind === 'approved') {
    const made = await createCode(transaction, codeOf(request, settlement.consent, now), 0);
    if (made === 'client_unknown') return made;
    if (made === 'id_taken') return 'settled_before';
  }
  write('UPDATE device_requests SET settled = $2 WHERE grant_id = $1', [request.grantId, settlement.kind]);
  return outcome;
};

const toRequest = (row: Row): DeviceRequest => {
  const settled = row['settled'];
  return {
    grantId: BigInt(String(row['grant_id'])),
    clientId: String(row['client_id']),
    userCode: String(row['user_code']),
    scope: String(row['scope']),
    codeChallenge: toText(row['code_challenge']),
    issuedAtMs: Number(row['issued_at_ms']),
    intervalSeconds: Number(row['interval_seconds']),
    polledAtMs: toNumber(row['polled_at_ms']),
    settled: settled === 'approved' || settled === 'declined' ? settled : undefined,
  };
};
