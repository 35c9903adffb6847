import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOfValue, FLAG, NAME, readJsonBody, readQuery } from './fields.ts';
import { Problem } from './problem.ts';
import { REASON_FIELD } from './reason-field.ts';

for (const name of ['__proto__', 'constructor', 'toString', 'other']) {
  test(`a parameter or a member ${name}, which no operation has, is refused`, () => {
    assert.throws(
      () => readQuery(new URLSearchParams([[name, 'x']]), { flag: { schema: FLAG, purpose: '' } }),
      Problem,
    );
    const text = `{"${name}": true}`;
    assert.throws(
      () => readJsonBody(text, 'application/json', { flag: { schema: FLAG, purpose: '' } }),
      Problem,
    );
  });
}

test('A reason has three characters that can be seen, in any script.', () => {
  const unseen = 'reason has at least 3 characters that can be seen';
  for (const [reason, fault] of [
    ['sold', undefined],
    ['  a b c', undefined],
    ['차 판매', undefined],
    ['ok', unseen],
    ['   ', unseen],
    ['a \u00a0\u200b\t\n b', unseen],
    ['\u200b'.repeat(500), unseen],
    ['x'.repeat(501), 'reason has at most 500 characters'],
  ] as const)
    assert.equal(faultOfValue('reason', reason, REASON_FIELD.schema)?.en, fault, JSON.stringify(reason));
  const seen = faultOfValue('name', 'a\u200bb', NAME);
  assert.equal(seen?.en, 'name must not contain control or invisible characters');
});
