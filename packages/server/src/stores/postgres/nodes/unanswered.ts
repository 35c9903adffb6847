import type { Policy } from '../../../clients/policy.ts';
import type { Grant } from '../../../grants/grant.ts';
import { applyVerdict } from '../../../grants/apply-verdict.ts';
import { judge } from '../../../grants/judge.ts';
import type { CodeUse } from '../../../grants/code-store.ts';
import type { RefreshUse } from '../../../grants/grant-store.ts';
import { writeMaker, writeRotation } from '../verbs/grant-rows.ts';
import type { KnownClients } from '../verbs/known-clients.ts';
import { toMaker, UNANSWERED } from './issued-by.ts';
import type { Maker } from './issued-by.ts';
import { GRANT_COLUMNS, toGrant } from '../verbs/rows.ts';
import type { Row, Transaction } from '../connection/transaction.ts';

/** A use that ended with `outcome_unknown`: its client was told to try again. */
export type Unanswered =
  { readonly of: 'token'; readonly use: RefreshUse } | { readonly of: 'code'; readonly use: CodeUse };

/** With the stamps of its node between which it can have made anything. */
export type EndedUse = Unanswered & { readonly first: Maker; readonly last: Maker };

const LOCK_CODES =
  'SELECT grant_id FROM codes WHERE grant_id = ANY($1::bigint[]) ORDER BY grant_id FOR UPDATE';
const MARK_CODES = `UPDATE codes AS c SET maker = ${UNANSWERED} FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
  AS u (id, first, last) WHERE c.grant_id = u.id AND c.maker BETWEEN u.first AND u.last`;
const LOCK_GRANTS = `SELECT ${GRANT_COLUMNS}, g.maker FROM grants AS g
  WHERE g.id = ANY($1::bigint[]) ORDER BY g.id FOR UPDATE`;

/**
 * Writes into the rows that these uses were not answered, so that every node knows a retry of them. A refresh that has
 * not taken place takes place now: its statement may still be on its way to the database, and must find nothing to do.
 * One that the store is behind of is left to its retry, which is a resync that somebody has to be told of.
 * A code needs no such care, because its transaction holds its row from before its commit.
 */
export const settleUnanswered = async (
  transaction: Transaction,
  clients: KnownClients,
  unanswered: readonly EndedUse[],
): Promise<void> => {
  // Codes before grants, as in their redemption.
  const codes = unanswered.filter(({ of }) => of === 'code');
  if (codes.length > 0) {
    const ids = codes.map(({ use }) => use.presented.grantId);
    await transaction.ask(LOCK_CODES, [ids]);
    transaction.write(MARK_CODES, [ids, codes.map(({ first }) => first), codes.map(({ last }) => last)]);
  }
  const tokens = unanswered.filter((one) => one.of === 'token');
  if (tokens.length === 0) return;
  const rows = await transaction.ask(LOCK_GRANTS, [tokens.map(({ use }) => use.presented.grantId)]);
  const byId = new Map(rows.map((row) => [BigInt(String(row['id'])), row]));
  const clientIds = new Set(tokens.map(({ use }) => use.presented.clientId));
  const readings = await clients.load(transaction.ask, [...clientIds]);
  for (const { use, first, last } of tokens) {
    const row = byId.get(use.presented.grantId);
    const policy = readings.get(use.presented.clientId)?.client?.policy;
    if (row !== undefined && policy !== undefined)
      settleToken(transaction, row, use, policy, { first, last });
  }
};

const settleToken = (
  transaction: Transaction,
  row: Row,
  use: RefreshUse,
  policy: Policy,
  { first, last }: { readonly first: Maker; readonly last: Maker },
): void => {
  const before = readUndamaged(row);
  if (before === undefined) return;
  const presented = { ...use.presented, isRetryOfOurs: true };
  const verdict = judge(before, presented, use.nowMs, policy);
  if (verdict.kind === 'rotate')
    return writeRotation(transaction, before, applyVerdict(before, verdict, use), UNANSWERED);
  const maker = toMaker(row['maker']) ?? UNANSWERED;
  if (before.generation === presented.generation + 1 && maker >= first && maker <= last)
    writeMaker(transaction, before, UNANSWERED);
};

/** A damaged row is the trouble of its own grant, and must not keep the node from telling of the others. */
const readUndamaged = (row: Row): Grant | undefined => {
  try {
    return toGrant(row);
  } catch {
    return undefined;
  }
};
