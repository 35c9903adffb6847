import { toSeconds } from '../../../clock.ts';
import { CODE_KEPT_SECONDS, judgeCode } from '../../../grants/authorization-code.ts';
import type { AuthorizationCode, CodeState, CodeVerdict } from '../../../grants/authorization-code.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { CodeResult, CodeUse } from '../../../grants/code-store.ts';
import type { Store } from '../../../grants/store.ts';
import type { Vehicle } from '../../../grants/vehicle.ts';
import { addGrantEvents } from './grant-events.ts';
import { addConsents, insertGrant, lockClient, lockGrant, readGrant, revokeLocked } from './grant-rows.ts';
import { pageFrom } from './grants.ts';
import type { KnownClients } from './known-clients.ts';
import { toIssuedBy } from '../nodes/issued-by.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import type { Node } from '../nodes/node.ts';
import type { Connections } from '../connection/pool.ts';
import { digestSubject, GRANT_COLUMNS, toBytes, toGrant, toNumber, toText } from './rows.ts';
import type { MayHaveIssued } from '../nodes/retry-after-cut.ts';
import type { Row, Transaction } from '../connection/transaction.ts';
import { writeVehicles } from './covered-vehicles.ts';

/** More than one, so that expired codes never pile up; few, so that it takes no time. */
const DROPPED_AT_A_TIME = 16;

const INSERT = `INSERT INTO codes
    (grant_id, client_id, redirect_uri, code_challenge, issued_at, subject, scope, brand, vehicles)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (grant_id) DO NOTHING RETURNING grant_id`;

const DROP = `DELETE FROM codes WHERE grant_id IN
  (SELECT grant_id FROM codes WHERE issued_at < $1 ORDER BY issued_at LIMIT $2 FOR UPDATE SKIP LOCKED)`;

type CodeVerbs = Pick<Store, 'createCode' | 'redeemCode' | 'listConsents'>;

/** Codes and their redemption, which makes grants with their vehicles and their owner's consent. */
export const createCodeVerbs = (
  { read, transact }: Connections,
  clients: KnownClients,
  node: Node,
): CodeVerbs => ({
  createCode: (code: AuthorizationCode) =>
    transact(async ({ query, write }) => {
      const { grantId, clientId, redirectUri, codeChallenge, issuedAt, subject, scope, brand } = code;
      write(DROP, [issuedAt - CODE_KEPT_SECONDS, DROPPED_AT_A_TIME]);
      const [isThere, grant] = await Promise.all([lockClient(query, clientId), readGrant(query, grantId)]);
      if (!isThere) return 'client_unknown';
      if (grant !== undefined) return 'id_taken';
      const what = [subject, scope, brand ?? null, JSON.stringify(code.vehicles)];
      const rows = await query(INSERT, [
        grantId,
        clientId,
        redirectUri,
        codeChallenge ?? null,
        issuedAt,
        ...what,
      ]);
      return rows.length === 1 ? 'created' : 'id_taken';
    }),
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
    const rows = await read(
      `SELECT ${GRANT_COLUMNS} FROM consents AS o JOIN grants AS g ON g.id = o.grant_id
      WHERE o.subject_digest = $1 AND o.grant_id ${compare} $2 ORDER BY o.grant_id LIMIT $3`,
      [digestSubject(subject), from, limit],
    );
    return rows.map(toGrant);
  },
});

/** Judges a code on its locked row, and writes what the verdict changes. */
const redeemLocked = async (
  transaction: Transaction,
  { clients, node }: { readonly clients: KnownClients; readonly node: Node },
  { use, mayHaveIssued }: { readonly use: CodeUse; readonly mayHaveIssued: MayHaveIssued },
): Promise<CodeResult | 'client_gone' | 'not_known_yet'> => {
  const { query } = transaction;
  const { nowMs, requestId } = use;
  // The client comes first, as everywhere: its removal locks its codes after it.
  const [, readings, rows] = await Promise.all([
    lockClient(query, use.presented.clientId),
    clients.load(query, [use.presented.clientId]),
    query('SELECT * FROM codes WHERE grant_id = $1 FOR UPDATE', [use.presented.grantId]),
  ]);
  const client = readings.get(use.presented.clientId)?.client;
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const code = rows[0] === undefined ? undefined : toCode(rows[0]);
  const issuedBy = toIssuedBy(rows[0]?.['issued_by']);
  const isRetryOfOurs = use.presented.isRetryOfOurs || mayHaveIssued(issuedBy);
  const first = judgeCode(code, { ...use.presented, isRetryOfOurs }, nowMs);
  const outcome = { policy: client.policy, hasRevoked: false };
  if (code === undefined || first.kind === 'refuse') return { ...outcome, verdict: first, grant: undefined };
  if (first.kind === 'redeem')
    return { ...outcome, verdict: first, grant: await makeGrant(transaction, code, use, node.stamp()) };
  const grant = await lockGrant(query, code.grantId);
  const verdict = await judgeRedeemed(transaction, node, { code, grant, issuedBy, use, isRetryOfOurs });
  if (verdict === 'not_known_yet') return verdict;
  const result = { ...outcome, verdict };
  if (verdict.kind !== 'replay' || grant === undefined || grant.revocation !== undefined)
    return { ...result, grant };
  const revocation = { at: toSeconds(nowMs), cause: 'code_replay' } as const;
  return {
    ...result,
    grant: await revokeLocked(transaction, grant, revocation, { nowMs, requestId }),
    hasRevoked: true,
  };
};

/** A use, and the redeemed code that it concerns. */
type LockedCode = {
  readonly code: CodeState;
  readonly grant: Grant | undefined;
  readonly issuedBy: IssuedBy | undefined;
  readonly use: CodeUse;
  readonly isRetryOfOurs: boolean;
};

/** The verdict on a redeemed code: it depends on whether its redemption was ever answered. */
const judgeRedeemed = async (
  transaction: Transaction,
  node: Node,
  { code, grant, issuedBy, use, isRetryOfOurs }: LockedCode,
): Promise<CodeVerdict | 'not_known_yet'> => {
  const decide = (isRetry: boolean): { readonly verdict: CodeVerdict } => ({
    verdict: judgeCode(code, { ...use.presented, isRetryOfOurs: isRetry }, use.nowMs),
  });
  // A client that holds a later token has received the first.
  if (grant === undefined || grant.generation > 0 || grant.revocation !== undefined)
    return decide(isRetryOfOurs).verdict;
  const tracked = { of: 'code', use } as const;
  const decided = await node.decideLocked(transaction.query, { tracked, issuedBy, isRetryOfOurs }, decide);
  if (decided === 'not_known_yet') return decided;
  if (decided.takesOver)
    transaction.write('UPDATE codes SET issued_by = $2 WHERE grant_id = $1', [code.grantId, node.stamp()]);
  return decided.decision.verdict;
};

const makeGrant = async (
  transaction: Transaction,
  { grantId, clientId, subject, scope, brand, vehicles }: CodeState,
  { nowMs, keyNumber, requestId, presented }: CodeUse,
  issuedBy: IssuedBy,
): Promise<Grant> => {
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
  const made = await insertGrant(transaction.query, grant);
  if (made !== 'created') throw new Error(`the grant of a code could not be inserted: ${made}`);
  transaction.write(
    'UPDATE codes SET redeemed_at_ms = $2, use_digest = $3, issued_by = $4 WHERE grant_id = $1',
    [grantId, nowMs, presented.useDigest ?? null, issuedBy],
  );
  addConsents(transaction, [grant]);
  writeVehicles(transaction, grantId, vehicles);
  const vins = vehicles.map(({ vin }) => vin);
  const grantEvent = { atMs: nowMs, grantId, clientId, subject, requestId, cause: undefined, vins };
  await addGrantEvents(transaction, [{ ...grantEvent, kind: 'grant.created' }]);
  return grant;
};

const toCode = (row: Row): CodeState => ({
  grantId: BigInt(String(row['grant_id'])),
  clientId: String(row['client_id']),
  redirectUri: String(row['redirect_uri']),
  codeChallenge: toText(row['code_challenge']),
  issuedAt: Number(row['issued_at']),
  subject: String(row['subject']),
  scope: String(row['scope']),
  brand: toText(row['brand']),
  vehicles: JSON.parse(String(row['vehicles'])) as readonly Vehicle[],
  redeemedAtMs: toNumber(row['redeemed_at_ms']),
  useDigest: toBytes(row['use_digest']),
});
