import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operator } from '../../operators/operator.ts';
import { createApiLimits } from './limits.ts';
import { answerProblem, TooOften } from './problem.ts';

const developer: Operator = { kind: 'key', id: 'one', name: 'one', role: 'developer', clientIds: ['a'] };

/** How often something is done before it is one too many, and how long to wait then. */
const countOf = (act: () => void): readonly [number, number] => {
  for (let times = 0; times < 10_000; times++)
    try {
      act();
    } catch (error) {
      assert.ok(error instanceof TooOften);
      return [times, error.retryAfterSeconds];
    }
  throw new Error('there is no limit');
};

void test('a developer makes 60 changes in a row, then one a minute; every other role has no limit', () => {
  let nowMs = 0;
  const limits = createApiLimits(() => nowMs);
  assert.deepEqual(
    countOf(() => limits.noteWrite(developer)),
    [60, 60],
  );
  nowMs += 59_999;
  assert.deepEqual(
    countOf(() => limits.noteWrite(developer)),
    [0, 1],
  );
  nowMs += 1;
  assert.deepEqual(
    countOf(() => limits.noteWrite(developer)),
    [1, 60],
  );
  limits.noteWrite({ ...developer, id: 'two' });
  limits.noteWrite({ ...developer, clientIds: ['b'] });
  for (let times = 0; times < 100; times++) limits.noteWrite({ ...developer, role: 'operator' });
});

void test('a developer looks at 600 grants in a row, which its changes do not use up', () => {
  const limits = createApiLimits(() => 0);
  countOf(() => limits.noteWrite(developer));
  assert.deepEqual(
    countOf(() => limits.noteLook(developer)),
    [600, 6],
  );
  limits.noteLook({ ...developer, role: 'viewer' });
});

void test('a webhook gets 10 tests in a row, whatever role asks', () => {
  const limits = createApiLimits(() => 0);
  assert.deepEqual(
    countOf(() => limits.noteWebhookTest('hook')),
    [10, 60],
  );
  limits.noteWebhookTest('other');
});

void test('what was asked for too often is a problem with the time to wait', () => {
  const { status, type, headers, body } = answerProblem(
    new TooOften(42, { en: 'a rule', ko: '규칙.' }),
    'request',
  );
  assert.deepEqual([status, type, headers?.['Retry-After']], [429, 'application/problem+json', '42']);
  assert.match(body, /"detail":"a rule: try again in 42 seconds"/);
});
