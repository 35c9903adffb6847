import { toSeconds } from '../../../clock.ts';
import { CODE_KEPT_SECONDS, judgeCode } from '../../../grants/authorization-code.ts';
import type { AuthorizationCode, CodeState, CodeVerdict } from '../../../grants/authorization-code.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { CodeResult, CodeUse } from '../../../grants/code-store.ts';
import type { Store } from '../../../grants/store.ts';
import type { Vehicle } from '../../../grants/vehicle.ts';
import { addGrantEvents } from './grant-events.ts';
import { addConsents, insertGrant, lockClient, lockGrant, readGrant, revokeHeld } from './grant-rows.ts';
import { pageFrom } from './grants.ts';
import type { KnownClients } from './known-clients.ts';
import { toMaker, UNANSWERED, weigh } from '../nodes/issued-by.ts';
import type { Maker } from '../nodes/issued-by.ts';
import type { Node } from '../nodes/node.ts';
import type { Connections } from '../connection/pool.ts';
import { digestSubject, GRANT_COLUMNS, toBytes, toGrant, toNumber, toText } from './rows.ts';
import { asMet, settle } from '../nodes/settle.ts';
import type { MayHaveMade } from '../nodes/settle.ts';
import type { Row, Transaction } from '../connection/transaction.ts';
import { writeVehicles } from './covered-vehicles.ts';

/** More than come in at a time, so that old codes never pile up; few, so that nobody waits for it. */
const DROPPED_AT_A_TIME = 16;

const INSERT = `INSERT INTO codes
    (grant_id, client_id, redirect_uri, code_challenge, issued_at, subject, scope, brand, vehicles)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (grant_id) DO NOTHING RETURNING grant_id`;

const DROP = `DELETE FROM codes WHERE grant_id IN
  (SELECT grant_id FROM codes WHERE issued_at < $1 ORDER BY issued_at LIMIT $2 FOR UPDATE SKIP LOCKED)`;

type CodeVerbs = Pick<Store, 'createCode' | 'redeemCode' | 'listConsents'>;

/** Codes, and what becomes of them: grants with their vehicles, and whose consent they rest on. */
export const createCodeVerbs = (
  { read, transact }: Connections,
  clients: KnownClients,
  node: Node,
): CodeVerbs => ({
  createCode: (code: AuthorizationCode) =>
    transact(async ({ ask, write }) => {
      const { grantId, clientId, redirectUri, codeChallenge, issuedAt, subject, scope, brand } = code;
      write(DROP, [issuedAt - CODE_KEPT_SECONDS, DROPPED_AT_A_TIME]);
      const [isThere, grant] = await Promise.all([lockClient(ask, clientId), readGrant(ask, grantId)]);
      if (!isThere) return 'client_unknown';
      if (grant !== undefined) return 'id_taken';
      const what = [subject, scope, brand ?? null, JSON.stringify(code.vehicles)];
      const rows = await ask(INSERT, [
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
      (mayHaveMade) =>
        settle(mayHaveMade, (mayHaveMadeIt) =>
          node.untilKnown(() =>
            transact((transaction) => redeemHeld(transaction, clients, node, use, mayHaveMadeIt)),
          ),
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

/** Judges a code on its row, which nobody else can have meanwhile, and does what the verdict says. */
const redeemHeld = async (
  transaction: Transaction,
  clients: KnownClients,
  node: Node,
  use: CodeUse,
  mayHaveMade: MayHaveMade,
): Promise<CodeResult | 'client_gone' | 'not_known_yet'> => {
  const { ask } = transaction;
  const { nowMs, requestId } = use;
  // The client first, as everywhere: who removes it takes its codes after it.
  const [, readings, rows] = await Promise.all([
    lockClient(ask, use.presented.clientId),
    clients.load(ask, [use.presented.clientId]),
    ask('SELECT * FROM codes WHERE grant_id = $1 FOR UPDATE', [use.presented.grantId]),
  ]);
  const client = readings.get(use.presented.clientId)?.client;
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const code = rows[0] === undefined ? undefined : toCode(rows[0]);
  const maker = toMaker(rows[0]?.['maker']);
  const presented = asMet(use.presented, mayHaveMade(maker));
  const first = judgeCode(code, presented, nowMs);
  const outcome = { policy: client.policy, hasRevoked: false };
  if (code === undefined || first.kind === 'refuse') return { ...outcome, verdict: first, grant: undefined };
  if (first.kind === 'redeem')
    return { ...outcome, verdict: first, grant: await makeGrant(transaction, code, use, node.stamp()) };
  const grant = await lockGrant(ask, presented.grantId);
  const met = { ...use, presented };
  const verdict = await judgeMade(transaction, node, { code, grant, maker }, met);
  if (verdict === 'not_known_yet') return verdict;
  const result = { ...outcome, verdict };
  if (verdict.kind !== 'replay' || grant === undefined || grant.revocation !== undefined)
    return { ...result, grant };
  const revocation = { at: toSeconds(nowMs), cause: 'code_replay' } as const;
  return {
    ...result,
    grant: await revokeHeld(transaction, grant, revocation, { nowMs, requestId }),
    hasRevoked: true,
  };
};

/** The verdict on a code that was redeemed, by whether the answer of that was ever given. */
const judgeMade = async (
  transaction: Transaction,
  node: Node,
  { code, grant, maker }: Made,
  use: CodeUse,
): Promise<CodeVerdict | 'not_known_yet'> => {
  const { presented, nowMs } = use;
  const verdict = judgeCode(code, presented, nowMs);
  // Whoever holds a later token has had the first.
  const isOpen = grant?.generation === 0 && grant.revocation === undefined;
  const answering = verdict.kind === 'replay' && isOpen ? await weigh(transaction, maker, node) : 'given';
  if (answering === 'not_known_yet') return answering;
  const isRetry = answering === 'not_given';
  const last = isRetry ? judgeCode(code, { ...presented, isRetryOfOurs: true }, nowMs) : verdict;
  // From now on it is this node that gives the answer, once: whoever comes after it is judged as ever.
  const isOwed = isRetry || maker === UNANSWERED || node.owes({ of: 'code', use });
  if (last.kind === 'repeat' && isOwed)
    transaction.write('UPDATE codes SET maker = $2 WHERE grant_id = $1', [code.grantId, node.stamp()]);
  return last;
};

type Made = {
  readonly code: CodeState;
  readonly grant: Grant | undefined;
  readonly maker: Maker | undefined;
};

const makeGrant = async (
  transaction: Transaction,
  { grantId, clientId, subject, scope, brand, vehicles }: CodeState,
  { nowMs, keyNumber, requestId, presented }: CodeUse,
  maker: Maker,
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
  const made = await insertGrant(transaction.ask, grant);
  if (made !== 'created') throw new Error(`the grant of a code could not be made: ${made}`);
  transaction.write('UPDATE codes SET redeemed_at_ms = $2, use_digest = $3, maker = $4 WHERE grant_id = $1', [
    grantId,
    nowMs,
    presented.useDigest ?? null,
    maker,
  ]);
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
