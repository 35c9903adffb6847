import type { Policy } from '../../../clients/policy.ts';
import { latestMomentOfAge, toMillis } from '../../../clock.ts';
import type { Millis, Now, Seconds } from '../../../clock.ts';
import type { CurrentGrant } from '../../../grants/grant.ts';
import { isRotating, opensNoMore } from '../../../grants/judge.ts';
import type { RefreshUse } from '../../../grants/grant-store.ts';
import { GENERATION_MAX } from '../../../tokens/refresh-token.ts';
import { appendRotation } from './append-rotation.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import { toText } from './rows.ts';
import type { Query, Row } from '../connection/transaction.ts';
import { SKIP_LOCKED } from '../connection/engine.ts';

/** A use of a refresh token, with its client as this node knows it. */
export type KnownUse = {
  readonly use: RefreshUse;
  readonly policy: Policy;
  readonly revision: number;
};

/**
 * Reads the grant as it was before it was advanced, as far as the advance was decided by it. Parsed on demand, because a damaged
 * row concerns its own client only.
 */
export type ReadBefore = () => CurrentGrant;

/** `currentIssuedAtMs`. */
const CURRENT_ISSUED_AT = `CASE WHEN g.generation = 0 THEN coalesce(g.rotated_at_ms, g.created_at_ms / 1000 * 1000)
        ELSE greatest(g.rotated_at_ms, g.created_at_ms / 1000 * 1000) END`;

/** When the successor is issued: not before its predecessor, nor before the grant was created, whatever the clock shows. */
const ISSUED_AT = 'greatest(l.now_ms, l.rotated_at_ms, l.created_at_ms / 1000 * 1000)';

/**
 * Advances every grant whose use is certain to be judged `rotate`, in one statement, one row each. The conditions are
 * those of `judge`, with the client's policy as parameters, and those of the client: it exists, is not disabled, and
 * has the revision at which its policy was read. Locked rows are skipped, so no statement waits for another and none can
 * deadlock. A grant for vehicle data is judged on its row. The row is read where it is locked and carried along: joined again, a batch of n rows would cost n². The answer
 * has only columns that the node does not know, because each one costs both ends.
 */
const ADVANCE = `WITH locked AS (
    SELECT u.*, g.created_at_ms, g.rotated_at_ms, g.subject, g.scope, g.brand AS own_brand
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::integer[], $10::text[], $11::text[], $12::bytea[])
      WITH ORDINALITY AS u (grant_id, generation, client_id, revision, brand, now_ms, created_after_ms, issued_after_ms,
        key_number, address, user_agent, use_digest, n)
      JOIN clients AS c ON c.id = u.client_id AND c.revision = u.revision AND c.disabled_at_ms IS NULL
      JOIN grants AS g ON g.id = u.grant_id
    WHERE g.client_id = u.client_id AND (g.brand IS NULL OR g.brand = u.brand) AND g.revoked_at_ms IS NULL
      AND g.vehicle_data IS NULL
      AND g.generation = u.generation AND g.created_at_ms / 1000 * 1000 > u.created_after_ms
      AND ${CURRENT_ISSUED_AT} > u.issued_after_ms
    FOR UPDATE OF g ${SKIP_LOCKED}
  )
  UPDATE grants AS g SET generation = g.generation + 1, key_number = l.key_number, rotated_at_ms = ${ISSUED_AT},
    earlier_rotations = ${appendRotation(ISSUED_AT)}, caller_address = l.address, caller_user_agent = l.user_agent,
    use_digest = l.use_digest, issued_by = $13
  FROM locked AS l WHERE g.id = l.grant_id
  RETURNING l.n, l.created_at_ms, l.rotated_at_ms, l.subject, l.scope, l.own_brand`;

/** Before every other moment. */
const NEVER = -(2 ** 53);
/** No grant has it. */
const NO_GENERATION = -1;

/**
 * Advances grants in one statement, each use another grant, all stamped `issuedBy`. Answers each advanced grant as it was
 * before, in the order of the uses; `undefined` for a use that advanced nothing, for any reason.
 */
export const advance = async (
  write: Query,
  uses: readonly KnownUse[],
  issuedBy: IssuedBy,
): Promise<readonly (ReadBefore | undefined)[]> => {
  const answers = uses.map((): ReadBefore | undefined => undefined);
  for (const row of await write(ADVANCE, [...columnsOf(uses), issuedBy])) {
    const index = Number(row['n']) - 1;
    const { use } = uses[index] ?? noUse();
    answers[index] = () => toGrantBefore(row, use);
  }
  return answers;
};

const noUse = (): never => {
  throw new Error('the statement answered a use that it was not given');
};

const toGrantBefore = (row: Row, { presented, keyNumber }: RefreshUse): CurrentGrant => ({
  id: presented.grantId,
  clientId: presented.clientId,
  subject: String(row['subject']),
  scope: String(row['scope']),
  brand: toText(row['own_brand']),
  createdAtMs: Number(row['created_at_ms']),
  generation: presented.generation,
  keyNumber,
  rotatedAtMs: row['rotated_at_ms'] === null ? [] : [Number(row['rotated_at_ms'])],
  revocation: undefined,
});

const columnsOf = (uses: readonly KnownUse[]): readonly unknown[] => {
  const column = (value: (known: KnownUse) => unknown): readonly unknown[] => uses.map(value);
  return [
    column(({ use }) => use.presented.grantId),
    column(({ use, policy }) => (isAdvancing(use, policy) ? use.presented.generation : NO_GENERATION)),
    column(({ use }) => use.presented.clientId),
    column(({ revision }) => revision),
    column(({ use }) => use.presented.brand ?? null),
    column(({ use }) => use.nowMs),
    column(({ use, policy }) => createdAfter(use, policy.grantLifetimeSeconds)),
    column(({ use, policy }) => createdAfter(use, policy.refreshTokenLifetimeSeconds)),
    column(({ use }) => use.keyNumber),
    column(({ use }) => use.caller.address),
    column(({ use }) => use.caller.userAgent),
    column(({ use }) =>
      use.presented.useDigest === undefined ? null : Buffer.from(use.presented.useDigest),
    ),
  ];
};

/** A use that asks for a scope is judged on its row, where the grant's scope is known. */
const isAdvancing = (use: RefreshUse, policy: Policy): boolean => {
  const { presented } = use;
  if (presented.scope !== undefined) return false;
  const isRefused = presented.withdrawal !== undefined && opensNoMore(presented.withdrawal, use);
  return isRotating(presented, policy) && presented.generation < GENERATION_MAX && !isRefused;
};

/** What was created at this moment or before has expired. */
const createdAfter = (now: Now, lifetimeSeconds: Seconds | null): Millis =>
  lifetimeSeconds === null ? NEVER : latestMomentOfAge(toMillis(lifetimeSeconds), now);
