import type { Policy } from '../../clients/policy.ts';
import type { Grant } from '../../grants/grant.ts';
import type { RefreshUse } from '../../grants/store.ts';
import { GENERATION_MAX } from '../../tokens/refresh-token.ts';
import { ADD_MOMENT } from './history.ts';
import { toMaker } from './maker.ts';
import { GRANT_COLUMNS, toGrant, toNumber } from './rows.ts';
import type { Ask, Row } from './transaction.ts';

/** A use of a refresh token, with its client as this node knows it. */
export type KnownUse = {
  readonly use: RefreshUse;
  readonly policy: Policy;
  readonly revision: number;
};

/** What the statement answers for one use. */
export type Advance = {
  /** Whether the row was advanced. */
  readonly isAdvanced: boolean;
  /** The grant as it was before; `undefined` for none. Not parsed yet, because a damaged one is its own user's trouble only. */
  readonly readBefore: () => Grant | undefined;
  /** Who made the generation that an advance did not get beyond; `undefined` where that is not known. */
  readonly maker: bigint | undefined;
  /** The client's revision as it is; `undefined` where there is none, or where it is disabled. */
  readonly revision: number | undefined;
};

/**
 * Advances every grant whose use is certain to be judged `rotate`, in one statement, one row each. The conditions are
 * those of `judge`, with the client's policy put into the parameters, and the client's own: there, not disabled, at the
 * revision that the policy was read at. A row that somebody else holds is passed over, so that no statement
 * waits for another and none can end in a deadlock. A use that advanced nothing gets its row as it stands, by which
 * it may be judged if the verdict changes nothing. What is written and answered of an advanced row goes along with it
 * from where it was held: joined again, a batch would cost its square.
 */
const ADVANCE = `WITH uses AS (
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
      $8::bigint[], $9::bigint[], $10::integer[], $11::text[], $12::text[], $13::bytea[])
    AS u (n, grant_id, generation, client_id, revision, brand, now_ms, created_after_ms, issued_after_ms, key_number,
      address, user_agent, use_digest)
  ), held AS (
    SELECT u.n, u.key_number AS next_key, u.now_ms, u.address, u.user_agent, u.use_digest AS next_digest, ${GRANT_COLUMNS}
    FROM uses AS u
      JOIN clients AS c ON c.id = u.client_id AND c.revision = u.revision AND c.disabled_at IS NULL
      JOIN grants AS g ON g.id = u.grant_id
    WHERE g.client_id = u.client_id AND (g.brand IS NULL OR g.brand = u.brand) AND g.revoked_at IS NULL
      AND g.generation = u.generation AND g.created_at * 1000 > u.created_after_ms
      AND coalesce(g.rotated_at_ms, g.created_at * 1000) > u.issued_after_ms
    FOR UPDATE OF g SKIP LOCKED
  ), advanced AS (
    UPDATE grants AS g SET generation = g.generation + 1, key_number = h.next_key, rotated_at_ms = h.now_ms,
      earlier = ${ADD_MOMENT('h.now_ms')}, caller_address = h.address, caller_user_agent = h.user_agent,
      use_digest = h.next_digest, maker = $14
    FROM held AS h WHERE g.id = h.id
    RETURNING h.n, true AS is_advanced, NULL::bigint AS revision, NULL::bigint AS maker, ${GRANT_COLUMNS.replaceAll('g.', 'h.')}
  )
  SELECT * FROM advanced
  UNION ALL
  SELECT u.n, false, c.revision, g.maker, ${GRANT_COLUMNS}
    FROM uses AS u LEFT JOIN clients AS c ON c.id = u.client_id AND c.disabled_at IS NULL
      LEFT JOIN grants AS g ON g.id = u.grant_id
    WHERE u.n NOT IN (SELECT n FROM advanced)`;

/** Before every moment there is. */
const NEVER = -(2 ** 53);
/** That of no grant. */
const NO_GENERATION = -1;

/** One statement for uses of as many different grants, all stamped with this maker; the answers in their order. */
export const advance = async (
  write: Ask,
  uses: readonly KnownUse[],
  maker: bigint,
): Promise<readonly Advance[]> => {
  const rows = await write(ADVANCE, [...columnsOf(uses), maker]);
  const byNumber = new Map(rows.map((row) => [Number(row['n']), row]));
  return uses.map(({ revision }, n) => toAdvance(byNumber.get(n), revision));
};

const toAdvance = (row: Row | undefined, revision: number): Advance => {
  if (row === undefined) throw new Error('the statement of a refresh answered for another');
  const isAdvanced = row['is_advanced'] === true;
  return {
    isAdvanced,
    readBefore: () => (row['id'] === null ? undefined : toGrant(row)),
    maker: toMaker(row['maker']),
    revision: isAdvanced ? revision : toNumber(row['revision']),
  };
};

const columnsOf = (uses: readonly KnownUse[]): readonly unknown[] => {
  const column = (value: (known: KnownUse, index: number) => unknown): readonly unknown[] => uses.map(value);
  return [
    column((_, index) => index),
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
