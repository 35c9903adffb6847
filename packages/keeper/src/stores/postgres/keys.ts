import { toAnswer, toGrant } from '../rows.ts';
import type { Row } from '../rows.ts';
import type { KeyPage, KeyVerbs } from '../store.ts';
import type { Connections } from './connections.ts';

// The last row that was looked at comes in any case: it says where to go on.
const pageOf = (
  table: string,
  which: string,
): string => `WITH page AS (SELECT * FROM ${table} WHERE id > :after ORDER BY id LIMIT :limit)
  SELECT page.*, substr(sealed, 2, 4) <> :keyId ${which} AS is_other, (SELECT count(*) FROM page) AS looked FROM page
  WHERE (substr(sealed, 2, 4) <> :keyId ${which}) OR id = (SELECT max(id) FROM page) ORDER BY id`;
const GRANTS = pageOf('keeper_grants', "AND (state <> 'closed' OR revoke_at_ms IS NOT NULL)");
const ANSWERS = pageOf('keeper_answers', '');
const RESEAL = `UPDATE keeper_grants SET sealed = :sealed, lookup = :lookup
  WHERE id = :id AND generation = :generation AND epoch = :epoch RETURNING 1`;

/** For a change of keys. */
export const createKeyVerbs = ({ read, write }: Connections): KeyVerbs => ({
  grantsUnderOtherKeys: async (keyId, after, limit) =>
    toPage(await read(GRANTS, { keyId, after, limit }), limit, toGrant),
  answersUnderOtherKeys: async (keyId, after, limit) =>
    toPage(await read(ANSWERS, { keyId, after, limit }), limit, toAnswer),
  reseal: async (id, { generation, epoch }, { sealed, lookup }) =>
    (await write(RESEAL, { id, generation, epoch, sealed, lookup })).length > 0,
  async resealAnswer(id, sealed) {
    await write('UPDATE keeper_answers SET sealed = :sealed WHERE id = :id', { id, sealed });
  },
});

const toPage = <Found>(rows: readonly Row[], limit: number, convert: (row: Row) => Found): KeyPage<Found> => {
  const last = rows.at(-1);
  const isEnd = last === undefined || Number(last['looked']) < limit;
  const others = rows.filter((row) => (row['is_other'] as unknown) === true);
  return { rows: others.map(convert), after: isEnd ? undefined : String(last['id']) };
};
