import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseError } from 'pg';
import { OperatorError } from '../../../errors.ts';
import { createHosts } from './hosts.ts';

const away = new Error('connect ECONNREFUSED');
const standby = new OperatorError('store_read_only', 'the database is read-only', 'Name the primary.');
const badPassword = Object.assign(new DatabaseError('no', 0, 'error'), { code: '28P01', severity: 'FATAL' });
const full = new Error('timeout exceeded when trying to connect');

/** Hosts `a`, `b`, ... that fail with these errors, or accept; and the order in which they were tried. */
const makeHosts = (failures: (Error | undefined)[]) => {
  const tried: string[] = [];
  const hosts = failures.map((_, index) => {
    const name = 'abc'[index] ?? '';
    const connect = async (): Promise<string> => {
      tried.push(name);
      const failure = failures[index];
      if (failure !== undefined) throw failure;
      return name;
    };
    return { name, connect };
  });
  return { connect: createHosts(hosts), failures, tried };
};

void test('hosts are tried in turn, and the one that accepted is tried first from then on', async () => {
  const { connect, failures, tried } = makeHosts([away, standby, undefined]);
  assert.equal(await connect(), 'c');
  assert.equal(await connect(), 'c');
  assert.deepEqual(tried, ['a', 'b', 'c', 'c']);
  failures.splice(0, 3, undefined, standby, away);
  assert.equal(await connect(), 'a');
  assert.equal(await connect(), 'a');
  assert.deepEqual(tried.slice(4), ['c', 'a', 'a']);
});

void test('without a primary, the reason of every host is reported', async () => {
  const { connect } = makeHosts([away, standby]);
  await assert.rejects(connect(), (error: unknown) => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.code, 'store_primary_missing');
    assert.match(error.message, /a: the connection to the database failed .*; the database is read-only/);
    return true;
  });
});

void test('what no failover explains has its own code and remedy', async () => {
  const { connect } = makeHosts([away, badPassword]);
  await assert.rejects(connect(), (error: unknown) => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.code, 'store_login_refused');
    assert.match(error.remedy, /password/);
    return true;
  });
});

void test('a host whose connections are all in use is the primary still', async () => {
  const { connect, tried } = makeHosts([full, undefined]);
  await assert.rejects(connect(), full);
  assert.deepEqual(tried, ['a']);
});

void test('the error of the only host is passed on as it is', async () => {
  const { connect } = makeHosts([away]);
  await assert.rejects(connect(), away);
});
