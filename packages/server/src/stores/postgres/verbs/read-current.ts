import type { Grant } from '../../../grants/grant.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { toIssuedBy } from '../nodes/issued-by.ts';
import type { IssuedBy } from '../nodes/issued-by.ts';
import { GRANT_COLUMNS, toGrant, toNumber } from './rows.ts';
import type { Query } from '../connection/transaction.ts';

/** The current state of a grant whose token was presented, and of its client. */
export type CurrentState = {
  /** `undefined` where there is none. Parsed on demand, because a damaged row concerns its own client only. */
  readonly readGrant: () => Grant | undefined;
  /** Which node issued the grant's current generation; `undefined` where that is not known. */
  readonly issuedBy: IssuedBy | undefined;
  /** The client's revision; `undefined` where the client is unknown or disabled. */
  readonly revision: number | undefined;
};

const SELECT = `SELECT u.n, c.revision, g.issued_by, ${GRANT_COLUMNS}
  FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS u (grant_id, client_id, n)
    LEFT JOIN clients AS c ON c.id = u.client_id AND c.disabled_at_ms IS NULL
    LEFT JOIN grants AS g ON g.id = u.grant_id`;

/** Reads grants and clients in one statement. Answers in the order of what was presented. */
export const readCurrent = async (
  read: Query,
  presented: readonly { readonly grantId: GrantId; readonly clientId: string }[],
): Promise<readonly CurrentState[]> => {
  const rows = await read(SELECT, [
    presented.map(({ grantId }) => grantId),
    presented.map(({ clientId }) => clientId),
  ]);
  const byNumber = new Map(rows.map((row) => [Number(row['n']) - 1, row]));
  return presented.map((_, index) => {
    const row = byNumber.get(index);
    if (row === undefined) throw new Error('the answer lacks a grant that was asked for');
    return {
      readGrant: () => (row['id'] === null ? undefined : toGrant(row)),
      issuedBy: toIssuedBy(row['issued_by']),
      revision: toNumber(row['revision']),
    };
  });
};
