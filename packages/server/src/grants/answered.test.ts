import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayLackFirstToken, mayLackToken } from './answered.ts';
import type { Grant } from './grant.ts';

const GRANT: Grant = {
  id: 7n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: 1_750_000_000_000,
  generation: 5,
  keyNumber: 1,
  rotatedAtMs: [1_750_000_060_000],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};
const REVOKED = { ...GRANT, revocation: { atMs: 1_750_000_100_000, cause: 'owner' } } as const;

for (const [generation, expected] of [
  [3, false],
  [4, true],
  [5, false],
  [6, false],
] as const)
  test(`with token ${generation} in hand, a client ${expected ? 'may lack' : 'does not lack'} token 5`, () => {
    assert.equal(mayLackToken(GRANT, { generation }), expected);
  });

for (const [name, grant, expected] of [
  ['that was never refreshed may be missing', { ...GRANT, generation: 0 }, true],
  ['that was refreshed was received', { ...GRANT, generation: 1 }, false],
  ['that is revoked gives nothing', { ...REVOKED, generation: 0 }, false],
  ['that is gone gives nothing', undefined, false],
] as const)
  test(`the first token of a grant ${name}`, () => {
    assert.equal(mayLackFirstToken({ grant, vehicles: [] }), expected);
  });
