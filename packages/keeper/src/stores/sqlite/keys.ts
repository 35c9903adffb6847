import type { KeyVerbs } from '../store.ts';
import type { Connection } from './connection.ts';
import { toAnswer, toGrant } from '../rows.ts';

/** For a change of keys. */
export const createKeyVerbs = ({ database, commits }: Connection): KeyVerbs => {
  const pagesOf = (table: 'grants' | 'answers', which: string) => {
    const findLast = database.prepare(`SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?`);
    const look = database.prepare(
      `SELECT * FROM (SELECT * FROM ${table} WHERE id > ? ORDER BY id LIMIT ?) WHERE substr(sealed, 2, 4) <> ? ${which}`,
    );
    return (keyId: Uint8Array, after: string, limit: number) =>
      commits.read(() => {
        const last = findLast.get(after, limit - 1)?.['id'];
        return { rows: look.all(after, limit, keyId), after: last === undefined ? undefined : String(last) };
      });
  };
  const [grants, answers] = [
    pagesOf('grants', "AND (state <> 'closed' OR revoke_at_ms IS NOT NULL)"),
    pagesOf('answers', ''),
  ];
  const reseal = database.prepare(
    'UPDATE grants SET sealed = ?, lookup = ? WHERE id = ? AND generation = ? AND epoch = ?',
  );
  const resealAnswer = database.prepare('UPDATE answers SET sealed = ? WHERE id = ?');
  return {
    async grantsUnderOtherKeys(keyId, after, limit) {
      const page = await grants(keyId, after, limit);
      return { ...page, rows: page.rows.map(toGrant) };
    },
    async answersUnderOtherKeys(keyId, after, limit) {
      const page = await answers(keyId, after, limit);
      return { ...page, rows: page.rows.map(toAnswer) };
    },
    reseal: (grantId, { generation, epoch }, { sealed, lookup }) =>
      commits.run(() => reseal.run(sealed, lookup, grantId, generation, epoch).changes > 0),
    resealAnswer: (id, sealed) => commits.run(() => void resealAnswer.run(sealed, id)),
  };
};
