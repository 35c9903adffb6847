import type { Grant } from '../../../grants/grant.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { toMaker } from '../nodes/issued-by.ts';
import type { Maker } from '../nodes/issued-by.ts';
import { GRANT_COLUMNS, toGrant, toNumber } from './rows.ts';
import type { Ask } from '../connection/transaction.ts';

/** A grant that a client presented a token of, and the client, as they stand. */
export type Sight = {
  /** `undefined` for none. Not parsed yet, because a damaged one is its own user's trouble only. */
  readonly readGrant: () => Grant | undefined;
  /** Who made the grant's current generation; `undefined` where that is not known. */
  readonly maker: Maker | undefined;
  /** The client's revision; `undefined` where there is no such client, or where it is disabled. */
  readonly revision: number | undefined;
};

const SELECT = `SELECT u.n, c.revision, g.maker, ${GRANT_COLUMNS}
  FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS u (grant_id, client_id, n)
    LEFT JOIN clients AS c ON c.id = u.client_id AND c.disabled_at IS NULL
    LEFT JOIN grants AS g ON g.id = u.grant_id`;

/** Looks at grants and clients in one statement; the answers in the order of what was presented. */
export const lookAt = async (
  read: Ask,
  presented: readonly { readonly grantId: GrantId; readonly clientId: string }[],
): Promise<readonly Sight[]> => {
  const rows = await read(SELECT, [
    presented.map(({ grantId }) => grantId),
    presented.map(({ clientId }) => clientId),
  ]);
  const byNumber = new Map(rows.map((row) => [Number(row['n']) - 1, row]));
  return presented.map((_, index) => {
    const row = byNumber.get(index);
    if (row === undefined) throw new Error('a look at a grant was answered for another');
    return {
      readGrant: () => (row['id'] === null ? undefined : toGrant(row)),
      maker: toMaker(row['maker']),
      revision: toNumber(row['revision']),
    };
  });
};
