import { isEnabled } from '../../../clients/client.ts';
import type { Millis } from '../../../clock.ts';
import type { AuthorizationCode, CodeState } from '../../../grants/code.ts';
import type { CodeResult, CodeUse } from '../../../grants/code-store.ts';
import { mayLackFirstToken } from '../../../grants/answered.ts';
import { decideCode, NOTHING_REDEEMED } from '../../../grants/decide-code.ts';
import type { CodeDecision } from '../../../grants/decide-code.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { Store } from '../../../grants/store.ts';
import type { Vehicle } from '../../../grants/vehicle.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row, Transaction } from '../connection/transaction.ts';
import { toIssuedBy } from '../nodes/issued-by.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import type { Node } from '../nodes/node.ts';
import type { MayHaveIssued } from '../nodes/retry-after-cut.ts';
import { writeVehicles } from './covered-vehicles.ts';
import { addGrantEvents } from './grant-events.ts';
import {
  addConsents,
  insertGrant,
  lockClient,
  lockGrantWithVehicles,
  pageFrom,
  readGrant,
  writeRevocation,
} from './grant-rows.ts';
import type { KnownClients } from './known-clients.ts';
import { GRANT_COLUMNS, toBytes, toGrant, toNumber, toText, toVehicleData } from './rows.ts';
import { writeVehicleData } from '../../../grants/vehicle-data.ts';
import { digestSubject } from '../../copy/row-form.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';

/** More than one, so that expired codes never pile up; few, so that it takes no time. */
const DROPPED_AT_A_TIME = 16;

const INSERT = `INSERT INTO codes
    (grant_id, client_id, redirect_uri, code_challenge, key_thumbprint, issued_at_ms, subject, scope, brand, vehicles,
      vehicle_data)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (grant_id) DO NOTHING RETURNING grant_id`;

const DROP = `DELETE FROM codes WHERE grant_id IN
  (SELECT grant_id FROM codes WHERE issued_at_ms < $1 ORDER BY issued_at_ms LIMIT $2 FOR UPDATE ${SKIP_LOCKED})`;

const REDEEM = 'UPDATE codes SET redeemed_at_ms = $2, use_digest = $3, issued_by = $4 WHERE grant_id = $1';

const LIST_CONSENTS = (compare: '>' | '>='): string => `SELECT ${GRANT_COLUMNS}
  FROM consents AS c JOIN grants AS g ON g.id = c.grant_id
  WHERE c.subject_digest = $1 AND c.grant_id ${compare} $2 ORDER BY c.grant_id LIMIT $3`;

/** Codes, and the grants with their vehicles that their redemption makes. */
export const createCodeVerbs = (
  { read, transact }: Connections,
  clients: KnownClients,
  node: Node,
): Pick<Store, 'createCode' | 'readCode' | 'redeemCode' | 'listConsents'> => ({
  createCode: (code, dropBeforeMs = 0) =>
    transact((transaction) => createCode(transaction, code, dropBeforeMs)),
  async readCode(grantId) {
    const [row] = await read('SELECT * FROM codes WHERE grant_id = $1', [grantId]);
    return row && toCode(row);
  },
  redeemCode: (use, issue) =>
    node.track(
      { of: 'code', use },
      (mayHaveIssued) =>
        node.untilKnown(() =>
          transact((transaction) => redeemLocked(transaction, { clients, node }, { use, mayHaveIssued })),
        ),
      issue,
    ),
  async listConsents(subject, { after, limit }) {
    const { compare, from } = pageFrom(after);
    return (await read(LIST_CONSENTS(compare), [digestSubject(subject), from, limit])).map(toGrant);
  },
});

/** Stores what an owner agreed to. Runs inside a transaction. */
export const createCode = async (
  { query, write }: Transaction,
  code: AuthorizationCode,
  dropBeforeMs: Millis,
): Promise<'created' | 'client_unknown' | 'id_taken'> => {
  const { grantId, clientId, redirectUri, codeChallenge = null, keyThumbprint = null, issuedAtMs } = code;
  const { subject, scope, brand = null } = code;
  const [isKnown, grant] = await Promise.all([lockClient(query, clientId), readGrant(query, grantId)]);
  if (dropBeforeMs > 0) write(DROP, [dropBeforeMs, DROPPED_AT_A_TIME]);
  if (!isKnown) return 'client_unknown';
  if (grant !== undefined) return 'id_taken';
  // Empty where the request named none.
  const request = [grantId, clientId, redirectUri ?? '', codeChallenge, keyThumbprint, issuedAtMs];
  const data = code.vehicleData === undefined ? null : writeVehicleData(code.vehicleData);
  const consent = [subject, scope, brand, JSON.stringify(code.vehicles), data];
  return (await query(INSERT, [...request, ...consent])).length === 1 ? 'created' : 'id_taken';
};

/** Decides a use of a code on its locked row, and writes what the decision changes. */
const redeemLocked = async (
  transaction: Transaction,
  { clients, node }: { readonly clients: KnownClients; readonly node: Node },
  { use, mayHaveIssued }: { readonly use: CodeUse; readonly mayHaveIssued: MayHaveIssued },
): Promise<CodeResult | 'client_gone' | 'not_known_yet'> => {
  const { query } = transaction;
  const { presented } = use;
  // The client comes first, as everywhere: its removal locks its codes after it.
  const [, readings, [row]] = await Promise.all([
    lockClient(query, presented.clientId),
    clients.load(query, [presented.clientId]),
    query('SELECT * FROM codes WHERE grant_id = $1 FOR UPDATE', [presented.grantId]),
  ]);
  const client = readings.get(presented.clientId)?.client;
  if (!isEnabled(client)) return 'client_gone';
  const code = row === undefined ? undefined : toCode(row);
  const issuedBy = toIssuedBy(row?.['issued_by']);
  const before =
    code?.redeemedAtMs === undefined ? NOTHING_REDEEMED : await lockGrantWithVehicles(query, code.grantId);
  const decide = (isRetryOfOurs: boolean): CodeDecision =>
    decideCode(code, before, { ...use, presented: { ...presented, isRetryOfOurs } }, client.policy);
  const isRetryOfOurs = presented.isRetryOfOurs || mayHaveIssued(issuedBy);
  const tracked = { of: 'code', use } as const;
  const decided = mayLackFirstToken(before)
    ? await node.decideLocked(query, { tracked, issuedBy, isRetryOfOurs }, decide)
    : { decision: decide(isRetryOfOurs), takesOver: false };
  if (decided === 'not_known_yet') return decided;
  if (decided.takesOver)
    transaction.write('UPDATE codes SET issued_by = $2 WHERE grant_id = $1', [
      presented.grantId,
      node.stamp(),
    ]);
  await writeDecision(transaction, decided.decision, node.stamp);
  return decided.decision.result;
};

const writeDecision = async (
  transaction: Transaction,
  { result: { grant, hasRevoked }, redeemed, grantEvents }: CodeDecision,
  stamp: () => IssuedBy,
): Promise<void> => {
  if (redeemed !== undefined && grant !== undefined) await makeGrant(transaction, redeemed, grant, stamp());
  if (hasRevoked && grant !== undefined) writeRevocation(transaction, grant);
  await addGrantEvents(transaction, grantEvents);
};

const makeGrant = async (
  transaction: Transaction,
  { grantId, redeemedAtMs, useDigest, vehicles }: CodeState,
  grant: Grant,
  issuedBy: IssuedBy,
): Promise<void> => {
  const made = await insertGrant(transaction.query, grant);
  if (made !== 'created') throw new Error(`the grant of a code could not be inserted: ${made}`);
  transaction.write(REDEEM, [grantId, redeemedAtMs, useDigest ?? null, issuedBy]);
  addConsents(transaction, [grant]);
  writeVehicles(transaction, grantId, vehicles);
};

const toCode = (row: Row): CodeState => ({
  grantId: BigInt(String(row['grant_id'])),
  clientId: String(row['client_id']),
  redirectUri: row['redirect_uri'] === '' ? undefined : String(row['redirect_uri']),
  codeChallenge: toText(row['code_challenge']),
  keyThumbprint: toText(row['key_thumbprint']),
  issuedAtMs: Number(row['issued_at_ms']),
  subject: String(row['subject']),
  scope: String(row['scope']),
  brand: toText(row['brand']),
  vehicles: JSON.parse(String(row['vehicles'])) as readonly Vehicle[],
  redeemedAtMs: toNumber(row['redeemed_at_ms']),
  useDigest: toBytes(row['use_digest']),
  ...toVehicleData(row['vehicle_data'], 'codes.vehicle_data'),
});
