import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseError } from 'pg';
import { OperatorError, StoreError } from '../../../errors.ts';
import { isConflict, isLost, isUndone, toOperatorError, toStoreError } from './errors.ts';

const told = (code: string, severity = 'ERROR'): DatabaseError =>
  Object.assign(new DatabaseError('told of owner-1', 0, 'error'), { code, severity });

const lost = new Error('Connection terminated unexpectedly');

/** What an error says of the statement that it ended. */
const CASES: readonly (readonly [name: string, error: Error, says: string])[] = [
  ['a connection that was cut', lost, 'lost'],
  ['a connection that was cut behind a pooler', told('08P01', 'FATAL'), 'lost'],
  ['a statement that breaks the protocol', told('08P01'), 'undone'],
  ['a full disk', told('53100'), 'undone'],
  ['a full disk under a commit, which ends the database', told('53100', 'PANIC'), 'unknown'],
  ['a shutdown while a commit waits', told('57P01', 'FATAL'), 'unknown'],
  ['a grave error in another language', told('57P01', 'FATAL: fatal'), 'unknown'],
  ['a statement that took too long', told('57014'), 'undone'],
  ['a standby', told('25006'), 'undone'],
  ['a serialization failure', told('40001'), 'undone conflict'],
  ['a deadlock', told('40P01'), 'undone conflict'],
  ['a number that is taken', told('23505'), 'undone conflict'],
  ['a deadlock told as the end of everything', told('40P01', 'FATAL'), 'unknown'],
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

void test('a failure of the database is told without the values it quotes', () => {
  const error = toStoreError(told('22001'), 'unavailable');
  assert.ok(error instanceof StoreError);
  assert.doesNotMatch(error.message, /owner-1/);
});

void test('a database that none of its addresses leads to is told as one that is away', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('another')]);
  const error = toStoreError(refused, 'unavailable');
  assert.ok(error instanceof StoreError);
  assert.match(error.message, /ECONNREFUSED ::1:1/);
});

void test('a bug is no failure of the database', () => {
  const bug = new TypeError('of ours');
  assert.equal(toStoreError(bug, 'unavailable'), bug);
});

const OPENINGS: readonly (readonly [error: Error, code: string])[] = [
  [lost, 'store_unreachable'],
  [told('28P01', 'FATAL'), 'store_login_refused'],
  [told('3D000', 'FATAL'), 'store_database_missing'],
  [told('42501'), 'store_rights_missing'],
  [told('42P07'), 'store_foreign'],
  [told('53300', 'FATAL'), 'store_connections_used_up'],
];

for (const [error, code] of OPENINGS) {
  void test(`what keeps a store from being opened has a name and a way out: ${code}`, () => {
    for (const one of [error, toStoreError(error, 'unavailable')]) {
      const found = toOperatorError(one, 'postgres://db/keyfob');
      assert.ok(found instanceof OperatorError);
      assert.equal(found.code, code);
      assert.match(found.message, /^postgres:\/\/db\/keyfob: /);
      assert.notEqual(found.remedy, '');
    }
  });
}
