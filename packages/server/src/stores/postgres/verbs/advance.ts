import type { Policy } from '../../../clients/policy.ts';
import type { Grant } from '../../../grants/grant.ts';
import type { RefreshUse } from '../../../grants/grant-store.ts';
import { GENERATION_MAX } from '../../../tokens/refresh-token.ts';
import { ADD_MOMENT, unpackHistory } from './history.ts';
import type { Maker } from '../nodes/issued-by.ts';
import { toNumber, toText } from './rows.ts';
import type { Ask, Row } from '../connection/transaction.ts';

/** A use of a refresh token, with its client as this node knows it. */
export type KnownUse = {
  readonly use: RefreshUse;
  readonly policy: Policy;
  readonly revision: number;
};

/**
 * Reads the grant as it was before it was advanced. What an advance overwrites unread (key, caller, use) is not part of it.
 * Not parsed yet, because a damaged one is its own user's trouble only.
 */
export type ReadBefore = () => Grant;

/**
 * Advances every grant whose use is certain to be judged `rotate`, in one statement, one row each. The conditions are
 * those of `judge`, with the client's policy put into the parameters, and the client's own: there, not disabled, at the
 * revision that the policy was read at. A row that somebody else holds is passed over, so that no statement
 * waits for another and none can end in a deadlock. What is written and answered of a row goes along with it
 * from where it was held: joined again, a batch would cost its square. Answered is only what a node cannot know: each column
 * of each row is paid for on both ends.
 */
const ADVANCE = `WITH held AS (
    SELECT u.*, g.created_at, g.rotated_at_ms, g.earlier, g.subject, g.scope, g.brand AS own_brand
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::integer[], $10::text[], $11::text[], $12::bytea[])
      WITH ORDINALITY AS u (grant_id, generation, client_id, revision, brand, now_ms, created_after_ms, issued_after_ms,
        key_number, address, user_agent, use_digest, n)
      JOIN clients AS c ON c.id = u.client_id AND c.revision = u.revision AND c.disabled_at IS NULL
      JOIN grants AS g ON g.id = u.grant_id
    WHERE g.client_id = u.client_id AND (g.brand IS NULL OR g.brand = u.brand) AND g.revoked_at IS NULL
      AND g.generation = u.generation AND g.created_at * 1000 > u.created_after_ms
      AND coalesce(g.rotated_at_ms, g.created_at * 1000) > u.issued_after_ms
    FOR UPDATE OF g SKIP LOCKED
  )
  UPDATE grants AS g SET generation = g.generation + 1, key_number = h.key_number, rotated_at_ms = h.now_ms,
    earlier = ${ADD_MOMENT('h.now_ms')}, caller_address = h.address, caller_user_agent = h.user_agent,
    use_digest = h.use_digest, maker = $13
  FROM held AS h WHERE g.id = h.grant_id
  RETURNING h.n, h.created_at, h.rotated_at_ms, h.earlier, h.subject, h.scope, h.own_brand`;

/** Before every moment there is. */
const NEVER = -(2 ** 53);
/** That of no grant. */
const NO_GENERATION = -1;

/**
 * One statement for uses of as many different grants, all stamped with this maker. Answers, in their order, the grants that were advanced as they were
 * before; `undefined` for a use that advanced nothing, whatever the reason.
 */
export const advance = async (
  write: Ask,
  uses: readonly KnownUse[],
  maker: Maker,
): Promise<readonly (ReadBefore | undefined)[]> => {
  const answers = uses.map((): ReadBefore | undefined => undefined);
  for (const row of await write(ADVANCE, [...columnsOf(uses), maker])) {
    const index = Number(row['n']) - 1;
    const { use } = uses[index] ?? noUse();
    answers[index] = () => toGrantBefore(row, use);
  }
  return answers;
};

const noUse = (): never => {
  throw new Error('the statement of a refresh answered for another');
};

const toGrantBefore = (row: Row, { presented, keyNumber }: RefreshUse): Grant => ({
  id: presented.grantId,
  clientId: presented.clientId,
  subject: String(row['subject']),
  scope: String(row['scope']),
  brand: toText(row['own_brand']),
  createdAt: Number(row['created_at']),
  generation: presented.generation,
  keyNumber,
  rotatedAtMs: unpackHistory({
    rotatedAtMs: toNumber(row['rotated_at_ms']) ?? null,
    earlier: row['earlier'] as Buffer,
  }),
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
});

const columnsOf = (uses: readonly KnownUse[]): readonly unknown[] => {
  const column = (value: (known: KnownUse) => unknown): readonly unknown[] => uses.map(value);
  return [
    column(({ use }) => use.presented.grantId),
    column(({ use, policy }) => (isRotating(use, policy) ? use.presented.generation : NO_GENERATION)),
    column(({ use }) => use.presented.clientId),
    column(({ revision }) => revision),
    column(({ use }) => use.presented.brand ?? null),
    column(({ use }) => use.nowMs),
    column(({ use, policy }) => bornAfter(use.nowMs, policy.grantLifetimeSeconds)),
    column(({ use, policy }) => bornAfter(use.nowMs, policy.refreshTokenLifetimeSeconds)),
    column(({ use }) => use.keyNumber),
    column(({ use }) => use.caller.address),
    column(({ use }) => use.caller.userAgent),
    column(({ use }) =>
      use.presented.useDigest === undefined ? null : Buffer.from(use.presented.useDigest),
    ),
  ];
};

const isRotating = ({ presented }: RefreshUse, { rotation }: Policy): boolean =>
  rotation !== 'none' && presented.generation < GENERATION_MAX;

/** What came into being at this moment or before is over. */
const bornAfter = (nowMs: number, lifetimeSeconds: number | null): number =>
  lifetimeSeconds === null ? NEVER : nowMs - lifetimeSeconds * 1000;
