import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../log-event.ts';
import type { Grant } from './grant.ts';
import { describeReplay } from './replay.ts';

const OWNER: Caller = { address: '192.0.2.1', userAgent: 'app/1' };
const MOVED: Caller = { address: '192.0.2.2', userAgent: 'app/1' };
const OTHER: Caller = { address: '192.0.2.1', userAgent: 'curl' };

const grant = (rotatedBy: Caller | undefined): Grant => ({
  id: 1n,
  clientId: 'client',
  subject: 'owner',
  scope: '',
  brand: undefined,
  createdAtMs: 1_000_000,
  generation: 9,
  keyNumber: 1,
  rotatedAtMs: [5_000_000],
  rotatedBy,
  useDigest: undefined,
  revocation: undefined,
});

const CASES: readonly (readonly [string, number, Caller, Caller | undefined, 'lost_answer' | 'theft'])[] = [
  ['the same caller with the immediate predecessor', 1, OWNER, OWNER, 'lost_answer'],
  ['the same program from another address with the immediate predecessor', 1, MOVED, OWNER, 'lost_answer'],
  ['another program with the immediate predecessor', 1, OTHER, OWNER, 'theft'],
  ['the same caller with a token whose successor was used', 2, OWNER, OWNER, 'lost_answer'],
  ['the same program from another address with a token whose successor was used', 2, MOVED, OWNER, 'theft'],
  ['another program with a token whose successor was used', 2, OTHER, OWNER, 'theft'],
  ['anyone, if the caller of the last rotation is unknown', 1, OWNER, undefined, 'theft'],
];

for (const [name, gap, caller, rotatedBy, looksLike] of CASES) {
  test(`${name} looks like ${looksLike === 'theft' ? 'theft' : 'a lost answer'}`, () => {
    const use = { nowMs: 5_090_000, caller };
    const replay = describeReplay(grant(rotatedBy), { generation: 9 - gap, gap, response: 'revoke' }, use);
    assert.deepEqual(replay, {
      atMs: 5_090_000,
      generation: 9 - gap,
      gap,
      sinceRotationMs: 90_000,
      caller,
      rotatedBy,
      looksLike,
      response: 'revoke',
    });
  });
}
