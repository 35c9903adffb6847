import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Refusal } from '../errors.ts';
import { readForm } from './form.ts';

const READ: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['an empty body', '', {}],
  ['one parameter', 'a=1', { a: '1' }],
  ['several parameters', 'a=1&b=2&c=3', { a: '1', b: '2', c: '3' }],
  ['extra ampersands', '&a=1&&b=2&', { a: '1', b: '2' }],
  ['an empty parameter, which counts as absent', 'a=&b=2', { b: '2' }],
  ['a parameter without a value, which counts as absent', 'a&b=2', { b: '2' }],
  ['a plus sign for a space', 'a=x+y', { a: 'x y' }],
  ['percent signs', 'a=%2B%26%3D%25', { a: '+&=%' }],
  ['percent signs in lower case', 'a=%c3%a9', { a: 'é' }],
  ['UTF-8 beyond the basic plane', 'a=%F0%9F%94%91', { a: '🔑' }],
  ['UTF-8 as it is', 'a=é', { a: 'é' }],
  ['an equals sign in the value', 'a=b=c', { a: 'b=c' }],
  ['an encoded name', 'grant%5Ftype=x', { grant_type: 'x' }],
  ['a parameter without a name', '=1', { '': '1' }],
  ['a resource that is repeated', 'resource=a&b=1&resource=b&resource=', { resource: 'a b', b: '1' }],
  ['an empty resource, which counts as absent', 'resource=&resource=', {}],
  ['names that differ in case', 'a=1&A=2', { a: '1', A: '2' }],
  ['names that every object has', 'constructor=1&__proto__=2', { constructor: '1', ['__proto__']: '2' }],
  ['white space, which belongs to the value', 'a= 1 \r\n', { a: ' 1 \r\n' }],
  ['a semicolon, which is not a separator', 'a=1;b=2', { a: '1;b=2' }],
  ['a byte order mark, which belongs to the name', '\uFEFFa=1', { '\uFEFFa': '1' }],
];

for (const [name, body, parameters] of READ) {
  void test(`a form is read with ${name}`, () => {
    assert.deepEqual([...readForm(Buffer.from(body))], Object.entries(parameters));
  });
}

const REFUSED: readonly (readonly [string, string | Buffer, 'body_malformed' | 'parameter_repeated'])[] = [
  ['a parameter sent twice', 'a=1&a=2', 'parameter_repeated'],
  ['a parameter sent twice alike', 'a=1&a=1', 'parameter_repeated'],
  ['a parameter sent twice, once empty', 'a=&a=1', 'parameter_repeated'],
  ['a parameter sent twice, both empty', 'a&a=', 'parameter_repeated'],
  ['an unknown parameter sent twice', 'grant_type=x&zzz=1&zzz=2', 'parameter_repeated'],
  ['a parameter sent twice, once encoded', 'a=1&%61=2', 'parameter_repeated'],
  ['a lone percent sign', 'a=100%', 'body_malformed'],
  ['a percent sign with one digit', 'a=%4', 'body_malformed'],
  ['a percent sign with letters', 'a=%zz', 'body_malformed'],
  ['a broken percent sign in a name', '%zz=1', 'body_malformed'],
  ['encoded bytes that are not UTF-8', 'a=%FF', 'body_malformed'],
  ['an encoded overlong zero', 'a=%C0%80', 'body_malformed'],
  ['an encoded half of a surrogate pair', 'a=%ED%A0%80', 'body_malformed'],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0x3d, 0xff]), 'body_malformed'],
  ['a character cut short', Buffer.from([0x61, 0x3d, 0xc3]), 'body_malformed'],
  ['UTF-16', Buffer.from('a=é', 'utf16le'), 'body_malformed'],
];

for (const [name, body, reason] of REFUSED) {
  void test(`a form is refused with ${name}`, () => {
    assert.throws(
      () => readForm(Buffer.from(body)),
      (error: unknown) => error instanceof Refusal && error.reason === reason,
    );
  });
}

const wellFormed = fc.string({ unit: 'binary' });

void test('a form that URLSearchParams writes is read unchanged', () => {
  fc.assert(
    fc.property(fc.dictionary(wellFormed, wellFormed), (fields) => {
      const kept = Object.entries(fields).filter(([, value]) => value !== '');
      assert.deepEqual([...readForm(Buffer.from(new URLSearchParams(fields).toString()))], kept);
    }),
  );
});

void test('any bytes are read or refused, and never cause another error', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string().map((text) => Buffer.from(text)),
    fc.array(fc.constantFrom('a', '=', '&', '%', '+', '4', '1')).map((list) => Buffer.from(list.join(''))),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      try {
        for (const value of readForm(Buffer.from(body)).values()) assert.notEqual(value, '');
      } catch (error) {
        assert.ok(error instanceof Refusal);
      }
    }),
    { numRuns: 1000 },
  );
});
