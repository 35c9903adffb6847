import type { KeyVerbs } from '../store.ts';
import type { Connection } from './connection.ts';
import { toAnswer, toGrant } from '../rows.ts';

/** For a change of keys. */
export const createKeyVerbs = ({ database, commits }: Connection): KeyVerbs => {
  const grants = database.prepare(
    `SELECT * FROM grants WHERE id > ? AND substr(sealed, 2, 4) <> ? AND state <> 'closed' ORDER BY id LIMIT ?`,
  );
  const answers = database.prepare('SELECT * FROM answers WHERE substr(sealed, 2, 4) <> ?');
  const reseal = database.prepare(
    'UPDATE grants SET sealed = ?, lookup = ? WHERE id = ? AND generation = ? AND epoch = ?',
  );
  const resealAnswer = database.prepare('UPDATE answers SET sealed = ? WHERE id = ?');
  return {
    grantsUnderOtherKeys: (keyId, after, limit) =>
      commits.read(() => grants.all(after, keyId, limit).map(toGrant)),
    answersUnderOtherKeys: (keyId) => commits.read(() => answers.all(keyId).map(toAnswer)),
    reseal: (grantId, { generation, epoch }, { sealed, lookup }) =>
      commits.run(() => reseal.run(sealed, lookup, grantId, generation, epoch).changes > 0),
    resealAnswer: (id, sealed) => commits.run(() => void resealAnswer.run(sealed, id)),
  };
};
