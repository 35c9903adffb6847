import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../errors.ts';
import { readJsonParameters } from './json-parameters.ts';

const read = (text: string) => Object.fromEntries(readJsonParameters(Buffer.from(text)));

test('texts are parameters, and what is empty or null is absent', () => {
  assert.deepEqual(read('{"grant_type":"refresh_token","scope":"","code":null}'), {
    grant_type: 'refresh_token',
  });
  assert.deepEqual(read('{}'), {});
});

test('a repeatable parameter may be a list, as a form may have it several times', () => {
  const one = 'https://a.example';
  assert.deepEqual(read(`{"resource":["${one}","","https://b.example"]}`), {
    resource: `${one} https://b.example`,
  });
  assert.deepEqual(read(`{"resource":"${one}"}`), { resource: one });
});

for (const body of ['{"code":1}', '{"code":["x"]}', '{"resource":[1]}', '{"code":{}}', '[]', 'null', '', '{'])
  test(`${body === '' ? 'an empty body' : body} is malformed`, () => {
    assert.throws(
      () => read(body),
      (error: unknown) => error instanceof Refusal && error.reason === 'body_malformed',
    );
  });

test('a member twice is refused, as a parameter is', () => {
  assert.throws(
    () => read('{"code":"a","code":"b"}'),
    (error: unknown) => error instanceof Refusal && error.reason === 'parameter_repeated',
  );
});

test('no name reaches the prototype of anything', () => {
  const parameters = readJsonParameters(Buffer.from('{"__proto__":"x","constructor":"y"}'));
  assert.equal(parameters.get('__proto__'), 'x');
  assert.equal(parameters.get('toString'), undefined);
});
