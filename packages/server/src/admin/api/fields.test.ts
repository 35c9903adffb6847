import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG, readJsonBody, readQuery } from './fields.ts';
import { Problem } from './problem.ts';

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
