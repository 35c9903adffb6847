import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readJsonObject } from './json.ts';

const read = (text: string): unknown => readJsonObject(Buffer.from(text));

const REPEATED: readonly string[] = [
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"a\\\\":1,"b":{"a":1},"a\\\\":2}',
  '{"__proto__":1,"__proto__":2}',
  '{"":1,"":1}',
];

for (const text of REPEATED)
  test(`a repeated name is refused: ${text}`, () => {
    assert.throws(() => read(text), { reason: 'parameter_repeated' });
  });

const ONCE: readonly string[] = [
  '{}',
  '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
  '{"a":"\\":\\\\","b":"{\\"a\\":1,\\"a\\":2}","c\\\\\\"":":"}',
  '{"__proto__":1}',
  ' {"1":1 , "2" : [":"]}\n',
];

for (const text of ONCE)
  test(`names that are not repeated are read: ${text}`, () => {
    assert.deepEqual(read(text), JSON.parse(text));
  });

test('every object that has each name once is read, and none that has one twice', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (object) => {
      const text = JSON.stringify(object);
      assert.deepEqual(read(text), JSON.parse(text));
      const [name] = Object.keys(object);
      if (name === undefined) return;
      const twice = `{${JSON.stringify(name)}:[":"],${text.slice(1)}`;
      assert.throws(() => read(twice), { reason: 'parameter_repeated' });
    }),
  );
});

for (const text of ['[]', 'null', '"a"', '{"a":1', '{"a":1}}', '\ud800'])
  test(`what is no JSON object is refused: ${JSON.stringify(text)}`, () => {
    assert.throws(() => read(text), { reason: 'body_malformed' });
  });
