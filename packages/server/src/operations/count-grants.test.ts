import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countGrants, GRANTS_COUNTED_MAX } from './count-grants.ts';

test('The grants of a client are counted as far as a page can wait, and the count says so.', async () => {
  for (const [has, grants, hasMoreGrants] of [
    [0, 0, false],
    [GRANTS_COUNTED_MAX, GRANTS_COUNTED_MAX, false],
    [GRANTS_COUNTED_MAX + 1, GRANTS_COUNTED_MAX, true],
    [40_000, GRANTS_COUNTED_MAX, true],
  ] as const) {
    const store = {
      countGrants: (_clientId?: string, { atMost } = { atMost: Infinity }) =>
        Promise.resolve(Math.min(has, atMost)),
    };
    const context = { store } as unknown as Parameters<typeof countGrants>[0];
    assert.deepEqual(await countGrants(context, 'client-a'), { grants, hasMoreGrants }, String(has));
  }
});
