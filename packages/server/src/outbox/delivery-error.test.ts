import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDeliveryError, writeDeliveryError } from './delivery-error.ts';

for (const [kind, value, en, ko] of [
  ['answered', 503, 'answered 503', '응답 코드 503'],
  ['redirected', 302, 'answered 302; redirects are not followed', /^응답 코드 302/],
  ['stopped', undefined, 'aborted because the server stopped', /중지/],
  ['timedOut', 0.5, 'no answer in 0.5 s', /^0\.5초/],
  ['keyLacking', 12, 'the key ring lacks key 12', /키 12/],
  ['disabled', undefined, 'the webhook was disabled', /비활성화/],
] as const)
  test(`the error of a delivery, ${kind}, is stored in English and read in every language`, () => {
    const text = writeDeliveryError(kind, value);
    assert.equal(text, en);
    const read = readDeliveryError(text);
    assert.equal(read.en, en);
    assert.match(read.ko, typeof ko === 'string' ? new RegExp(`^${ko}$`) : ko);
  });

test('the words of another program stay as they are', () =>
  assert.deepEqual(readDeliveryError('ECONNREFUSED'), { en: 'ECONNREFUSED', ko: 'ECONNREFUSED' }));
