import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findUrlFault } from './url.ts';

describe('The URL of a webhook', () => {
  for (const [url, expected, allowed] of [
    ['https://example.com/hook', undefined, undefined],
    ['https://example.com:8443/hook?tenant=1', undefined, undefined],
    ['http://localhost:3000/hook', undefined, undefined],
    ['http://127.0.0.1/', undefined, undefined],
    ['http://127.8.9.1/', undefined, undefined],
    ['http://[::1]:3000/', undefined, undefined],
    ['http://example.com/hook', /https/, undefined],
    ['http://127.0.0.1.example.com/', /https/, undefined],
    ['http://localhost.example.com/', /https/, undefined],
    ['http://10.0.0.1/', /https/, undefined],
    ['ftp://example.com/', /https/, /https/],
    ['https://user:word@example.com/', /password/, /password/],
    ['https://user@example.com/', /user name/, /user name/],
    ['https://example.com/#part', /fragment/, /fragment/],
    ['example.com/hook', /full URL/, /full URL/],
    ['', /full URL/, /full URL/],
    ['https://example.com/\r\nX: 1', /invisible/, /invisible/],
    ['https://example.com/ hook', /spaces/, /spaces/],
    ['https://example.com/\u202Ehook', /invisible/, /invisible/],
    [`https://example.com/${'a'.repeat(1980)}`, undefined, undefined],
    [`https://example.com/${'a'.repeat(1981)}`, /2000 characters/, /2000 characters/],
  ] as const) {
    test(`${url.slice(0, 60)}: ${expected === undefined ? 'accepted' : `refused: ${expected.source}`}`, () => {
      for (const [isHttpAllowed, wanted] of [
        [false, expected],
        [true, allowed],
      ] as const) {
        const fault = findUrlFault(url, { isHttpAllowed });
        if (wanted === undefined) assert.equal(fault, undefined);
        else assert.match(fault?.en ?? '', wanted);
      }
    });
  }
});
