import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseError } from 'pg';
import { OperatorError, StoreError } from '../../../errors.ts';
import { isConflict, isLost, isUndone, toOperatorError, toStoreError } from './errors.ts';

const reported = (code: string, severity = 'ERROR'): DatabaseError =>
  Object.assign(new DatabaseError('a value of owner-1', 0, 'error'), { code, severity });

const lost = new Error('Connection terminated unexpectedly');

/** What an error says about the statement that it ended. */
const CASES: readonly (readonly [name: string, error: Error, says: string])[] = [
  ['a connection that was cut', lost, 'lost'],
  ['a connection that was cut behind a pooler', reported('08P01', 'FATAL'), 'lost'],
  ['a statement that breaks the protocol', reported('08P01'), 'undone'],
  ['a full disk', reported('53100'), 'undone'],
  ['a full disk under a commit, which ends the database', reported('53100', 'PANIC'), 'unknown'],
  ['a shutdown while a commit waits', reported('57P01', 'FATAL'), 'unknown'],
  ['a severe error in another language', reported('57P01', 'FATAL: fatal'), 'unknown'],
  ['a statement that took too long', reported('57014'), 'undone'],
  ['a standby', reported('25006'), 'undone'],
  ['a serialization failure', reported('40001'), 'undone conflict'],
  ['a commit of which the database does not know whether it took place', reported('40003'), 'unknown'],
  ['a deadlock', reported('40P01'), 'undone conflict'],
  ['a number that is taken', reported('23505'), 'undone conflict'],
  ['a deadlock that ends the connection', reported('40P01', 'FATAL'), 'unknown'],
];

for (const [name, error, says] of CASES) {
  void test(`${name}: ${says}`, () => {
    const found = [
      ...(isLost(error) ? ['lost'] : []),
      ...(isUndone(error) ? ['undone'] : []),
      ...(isConflict(error) ? ['conflict'] : []),
    ];
    assert.equal(found.join(' ') || 'unknown', says);
  });
}

void test('a failure of the database is reported without the values it quotes', () => {
  const error = toStoreError(reported('22001'), 'unavailable');
  assert.ok(error instanceof StoreError);
  assert.doesNotMatch(error.message, /owner-1/);
});

void test('a database that none of its addresses reaches is reported as unreachable', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('another')]);
  const error = toStoreError(refused, 'unavailable');
  assert.ok(error instanceof StoreError);
  assert.match(error.message, /ECONNREFUSED ::1:1/);
});

void test('a bug is not a failure of the database', () => {
  const bug = new TypeError('of ours');
  assert.equal(toStoreError(bug, 'unavailable'), bug);
});

const OPENINGS: readonly (readonly [error: Error, code: string])[] = [
  [lost, 'store_unreachable'],
  [reported('28P01', 'FATAL'), 'store_login_refused'],
  [reported('3D000', 'FATAL'), 'store_database_missing'],
  [reported('42501'), 'store_rights_missing'],
  [reported('42P07'), 'store_foreign'],
  [reported('53300', 'FATAL'), 'store_connections_used_up'],
];

for (const [error, code] of OPENINGS) {
  void test(`what keeps a store from being opened has a code and a remedy: ${code}`, () => {
    for (const one of [error, toStoreError(error, 'unavailable')]) {
      const found = toOperatorError(one, 'postgres://db/keyfob');
      assert.ok(found instanceof OperatorError);
      assert.equal(found.code, code);
      assert.match(found.message, /^postgres:\/\/db\/keyfob: /);
      assert.notEqual(found.remedy, '');
    }
  });
}
