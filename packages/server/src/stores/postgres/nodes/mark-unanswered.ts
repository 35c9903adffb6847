import type { Policy } from '../../../clients/policy.ts';
import { mayLackToken } from '../../../grants/answered.ts';
import { decideRefresh, NO_REPLAY_CONTEXT } from '../../../grants/decide-refresh.ts';
import type { Grant } from '../../../grants/grant.ts';
import { isOfConnection } from '../connection/errors.ts';
import type { Connections } from '../connection/pool.ts';
import type { Row, Transaction } from '../connection/transaction.ts';
import { writeIssuedBy, writeRotation } from '../verbs/grant-rows.ts';
import type { KnownClients } from '../verbs/known-clients.ts';
import { GRANT_COLUMNS, toGrant } from '../verbs/rows.ts';
import { NOT_ANSWERED, toIssuedBy } from './issued-by.ts';
import { lacksAnswer } from './unanswered-uses.ts';
import type { UnansweredUse } from './unanswered-uses.ts';

type TokenUse = UnansweredUse & { readonly of: 'token' };

/** In one transaction. */
const BATCH_MAX = 256;

const LOCK_CODES =
  'SELECT grant_id FROM codes WHERE grant_id = ANY($1::bigint[]) ORDER BY grant_id FOR UPDATE';
const MARK_CODES = `UPDATE codes AS c SET issued_by = ${NOT_ANSWERED}
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::bigint[])
    AS u (id, first, last, is_repeat, repeated)
  WHERE c.grant_id = u.id AND (c.issued_by BETWEEN u.first AND u.last
    OR u.is_repeat AND c.issued_by IS NOT DISTINCT FROM u.repeated)`;
const LOCK_GRANTS = `SELECT ${GRANT_COLUMNS}, g.issued_by FROM grants AS g
  WHERE g.id = ANY($1::bigint[]) ORDER BY g.id FOR UPDATE`;

/**
 * Marks the rows of these uses as not answered, so that every node recognizes their retries; calls `onMarked` with each
 * that is done. Rejects where the database cannot be reached. An error in one row affects only its own client: the
 * other rows are marked one by one, and that one is left for the next time.
 */
export const markUnanswered = async (
  connections: Connections,
  clients: KnownClients,
  uses: readonly UnansweredUse[],
  onMarked: (use: UnansweredUse) => void,
): Promise<void> => {
  for (let from = 0; from < uses.length; from += BATCH_MAX) {
    const batch = uses.slice(from, from + BATCH_MAX);
    try {
      await connections.transact((transaction) => markBatch(transaction, clients, batch));
      batch.forEach(onMarked);
    } catch (error) {
      if (isOfConnection(error)) throw error;
      if (batch.length > 1)
        for (const use of batch) await markUnanswered(connections, clients, [use], onMarked);
    }
  }
};

/** Codes come before grants, as in their redemption. */
const markBatch = async (
  transaction: Transaction,
  clients: KnownClients,
  uses: readonly UnansweredUse[],
): Promise<void> => {
  const codes = uses.filter(({ of }) => of === 'code');
  if (codes.length > 0) await markCodes(transaction, codes);
  const tokens = uses.filter((one) => one.of === 'token');
  if (tokens.length > 0) await markGrants(transaction, clients, tokens);
};

/** A redemption holds the row of its code until its commit, so nothing of it is still on its way. */
const markCodes = async ({ query, write }: Transaction, codes: readonly UnansweredUse[]): Promise<void> => {
  const ids = codes.map(({ use }) => use.presented.grantId);
  await query(LOCK_CODES, [ids]);
  write(MARK_CODES, [
    ids,
    codes.map(({ first }) => first),
    codes.map(({ last }) => last),
    codes.map(({ repeated }) => repeated !== undefined),
    codes.map(({ repeated }) => repeated?.issuedBy),
  ]);
};

const markGrants = async (
  transaction: Transaction,
  clients: KnownClients,
  tokens: readonly TokenUse[],
): Promise<void> => {
  const rows = await transaction.query(LOCK_GRANTS, [tokens.map(({ use }) => use.presented.grantId)]);
  const byId = new Map(rows.map((row) => [BigInt(String(row['id'])), row]));
  const clientIds = new Set(tokens.map(({ use }) => use.presented.clientId));
  const readings = await clients.load(transaction.query, [...clientIds]);
  for (const token of tokens) {
    const row = byId.get(token.use.presented.grantId);
    const policy = readings.get(token.use.presented.clientId)?.client?.policy;
    if (row !== undefined && policy !== undefined) markGrant(transaction, row, token, policy);
  }
};

/**
 * A refresh that has not taken place takes place now: its statement may still be on its way to the database, and must then
 * find nothing to do. A token that is ahead of the store is left to its retry, which is a resync that has to be reported.
 */
const markGrant = (transaction: Transaction, row: Row, token: TokenUse, policy: Policy): void => {
  const { use } = token;
  const before = readUndamaged(row);
  if (before === undefined) return;
  const presented = { ...use.presented, isRetryOfOurs: true };
  const { result } = decideRefresh(before, { ...use, presented }, policy, NO_REPLAY_CONTEXT);
  const { verdict, grant: after = before } = result;
  if (verdict.kind === 'rotate') return writeRotation(transaction, before, after, NOT_ANSWERED);
  if (mayLackToken(before, presented) && lacksAnswer(toIssuedBy(row['issued_by']), token))
    writeIssuedBy(transaction, before, NOT_ANSWERED);
};

/** A damaged row concerns its own grant only. It must not keep the node from marking the others. */
const readUndamaged = (row: Row): Grant | undefined => {
  try {
    return toGrant(row);
  } catch {
    return undefined;
  }
};
