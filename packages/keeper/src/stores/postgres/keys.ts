import { toAnswer, toGrant } from '../rows.ts';
import type { KeyVerbs } from '../store.ts';
import type { Connections } from './connections.ts';

const GRANTS = `SELECT * FROM keeper_grants
  WHERE id > :after AND substr(sealed, 2, 4) <> :keyId AND state <> 'closed' ORDER BY id LIMIT :limit`;
const RESEAL = `UPDATE keeper_grants SET sealed = :sealed, lookup = :lookup
  WHERE id = :id AND generation = :generation AND epoch = :epoch RETURNING 1`;

/** For a change of keys. */
export const createKeyVerbs = ({ read, write }: Connections): KeyVerbs => ({
  grantsUnderOtherKeys: async (keyId, after, limit) =>
    (await read(GRANTS, { keyId, after, limit })).map(toGrant),
  answersUnderOtherKeys: async (keyId) =>
    (await read('SELECT * FROM keeper_answers WHERE substr(sealed, 2, 4) <> :keyId', { keyId })).map(
      toAnswer,
    ),
  reseal: async (id, { generation, epoch }, { sealed, lookup }) =>
    (await write(RESEAL, { id, generation, epoch, sealed, lookup })).length > 0,
  async resealAnswer(id, sealed) {
    await write('UPDATE keeper_answers SET sealed = :sealed WHERE id = :id', { id, sealed });
  },
});
