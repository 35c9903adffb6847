import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulate } from './simulate.ts';

describe('three keepers on one store, in virtual time', () => {
  for (const kind of ['same_pair', 'new_pair', 'once'] as const)
    for (const seed of [1, 2, 3, 4])
      it(`${kind}, seed ${seed}`, async (scope) => {
        const { faults, ...figures } = await simulate({ seed, kind, steps: 1200 });
        scope.diagnostic(JSON.stringify(figures));
        assert.deepEqual(faults, []);
        assert.ok(figures.refreshes > 200);
      });
});
