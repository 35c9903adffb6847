import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readQuery } from './query.ts';

describe('A query', () => {
  for (const [query, value, raw] of [
    ['', undefined, undefined],
    ['a', undefined, undefined],
    ['a=', undefined, undefined],
    ['a=1', '1', '1'],
    ['a=1+2%2B3', '1 2+3', '1+2%2B3'],
    ['a=b==', 'b==', 'b=='],
    ['%61=1', '1', '1'],
    ['&&b=2&a=%E2%82%AC&', '€', '%E2%82%AC'],
  ] as const) {
    test(`${query || 'that is empty'} has ${value ?? 'no value'}`, () => {
      const parameters = readQuery(query);
      assert.equal(parameters?.get('a'), value);
      assert.equal(parameters?.getRaw('a'), raw);
      assert.equal(parameters?.repeated.size, 0);
    });
  }

  test('lists names that were sent twice, however encoded, and empty or not', () => {
    assert.deepEqual([...(readQuery('a=1&b=1&%61=2')?.repeated ?? [])], ['a']);
    assert.deepEqual([...(readQuery('a&a')?.repeated ?? [])], ['a']);
    assert.equal(readQuery('a=1&a=2')?.get('a'), '1');
  });

  test('joins a resource that is repeated', () => {
    const parameters = readQuery('resource=a&resource=&b=1&resource=b%20c');
    assert.equal(parameters?.get('resource'), 'a b c');
    assert.equal(parameters?.repeated.size, 0);
  });

  for (const query of ['a=%', 'a=%zz', 'a=%ff', 'a=é', 'a=1 2', '%ff=1'])
    test(`${query} is not a query`, () => assert.equal(readQuery(query), undefined));
});
