import type { DatabaseSync } from 'node:sqlite';
import { judgeWithdrawal } from '../../tokens/key-state.ts';
import type { RegisteredKey } from '../../tokens/key-state.ts';
import type { KeyStore } from '../../tokens/key-store.ts';
import { KEY_COLUMNS, keyValues, toKey, withdrawalValues } from '../key-rows.ts';
import type { Connection } from './connection.ts';

/** Reads every key, newest first. */
export const prepareKeyList = (database: DatabaseSync): (() => readonly RegisteredKey[]) => {
  const select = database.prepare(`SELECT ${KEY_COLUMNS} FROM keys ORDER BY number DESC`);
  return () => select.all().map(toKey);
};

export const createKeyVerbs = (
  { database, commits, read }: Connection,
  forgetClients: () => void,
): KeyStore => {
  const list = prepareKeyList(database);
  const insert = database.prepare(`INSERT OR IGNORE INTO keys (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const withdraw = database.prepare(
    'UPDATE keys SET (withdrawn_as, withdrawn_at_ms, opens_until_ms) = (?, ?, ?) WHERE number = ?',
  );
  const count = database.prepare(
    'SELECT key_number, count(*) AS grants FROM grants WHERE revoked_at_ms IS NULL GROUP BY key_number',
  );
  return {
    listKeys: () => read(list),
    registerKey: (key) =>
      commits.run(() => {
        insert.run(...keyValues(key));
        forgetClients();
      }),
    withdrawKey: (number, withdrawal) =>
      commits.run(() => {
        const outcome = judgeWithdrawal(list(), number);
        if (outcome !== 'withdrawn') return outcome;
        withdraw.run(...withdrawalValues(withdrawal), number);
        forgetClients();
        return outcome;
      }),
    countGrantsByKey: () =>
      read(() => new Map(count.all().map((row) => [Number(row['key_number']), Number(row['grants'])]))),
  };
};
