import type { Grant } from '../../../grants/grant.ts';
import type { GrantFilter, Page } from '../../../grants/grant-store.ts';
import { digestSubject } from '../../copy/row-form.ts';
import type { Query } from '../connection/transaction.ts';
import { conditionsOf } from './conditions.ts';
import { pageFrom } from './grant-rows.ts';
import { GRANT_COLUMNS, toGrant } from './rows.ts';

/**
 * A page of grants in the order of ids. An owner and a vehicle have few grants, so they are found first, and the others are not
 * looked at. The zero keeps the database from the order of the primary key, which would lead it past every grant.
 */
export const listGrants = async (
  query: Query,
  { after, limit, clientId, subject, vin, isRevoked, createdSinceMs }: Page & GrantFilter,
): Promise<readonly Grant[]> => {
  const { compare, from } = pageFrom(after);
  const isNarrow = subject !== undefined || vin !== undefined;
  const conditions = conditionsOf(
    [from, limit],
    [
      [
        (digest) => `g.id IN (SELECT grant_id FROM consents WHERE subject_digest = ${digest})`,
        subject === undefined ? undefined : digestSubject(subject),
      ],
      [(value) => `g.id IN (SELECT grant_id FROM covered_vins WHERE vin = ${value})`, vin],
      [(value) => `g.client_id = ${value}`, clientId],
      [(value) => `g.created_at_ms >= ${value}`, createdSinceMs],
    ],
  );
  if (conditions === undefined) return [];
  const ofRevoked = isRevoked === undefined ? '' : `AND g.revoked_at_ms IS ${isRevoked ? 'NOT ' : ''}NULL`;
  const rows = await query(
    `SELECT ${GRANT_COLUMNS} FROM grants AS g WHERE g.id ${compare} $1 ${conditions.sql} ${ofRevoked}
      ORDER BY g.id${isNarrow ? ' + 0' : ''} LIMIT $2`,
    conditions.values,
  );
  return rows.map(toGrant);
};
