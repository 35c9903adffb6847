/** What the tests of `judge` share. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../clients/policy.ts';
import type { ClockDoubt, Millis } from '../clock.ts';
import type { Grant } from './grant.ts';
import { judge } from './judge.ts';
import type { Presented, Verdict } from './judge.ts';

export const CREATED_AT = 1_750_000_000;
/** When the grant of most cases was last rotated: a day after it was created. */
export const ROTATED_AT_MS = (CREATED_AT + 86_400) * 1000;
export const GENERATION = 5;
export const HOUR_MS = 3_600_000;
export const YEAR_MS = 365 * 24 * HOUR_MS;

export const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 3600,
  accessTokenLifetimeSeconds: 600,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  grantScope: 'read_odometer',
  clientCredentials: false,
};

export const GRANT: Grant = {
  id: -42n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  createdAtMs: CREATED_AT * 1000,
  generation: GENERATION,
  keyNumber: 1,
  rotatedAtMs: [ROTATED_AT_MS],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
};

export const CALLER = { address: '192.0.2.1', userAgent: 'client-a/1.0' };

export const present = (generation: number, more: Partial<Presented> = {}): Presented => ({
  grantId: GRANT.id,
  generation,
  clientId: 'client-a',
  brand: undefined,
  useDigest: undefined,
  isRetryOfOurs: false,
  ...more,
});

export const DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index);
export const OTHER_DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

export const ROTATIONS = ['strict', 'overlap', 'until-used', 'none'] as const;
export const REACTIONS = ['revoke', 'refuse', 'observe'] as const;

export const ROTATE: Verdict = { kind: 'rotate' };
export const refuse = (reason: (Verdict & { kind: 'refuse' })['reason']): Verdict => ({
  kind: 'refuse',
  reason,
});
export const repeat = (cause: (Verdict & { kind: 'repeat' })['cause']): Verdict => ({
  kind: 'repeat',
  cause,
});
export const resync = (lost: number): Verdict => ({ kind: 'resync', lost });
export const replay = (gap: number, response: Policy['onReplay'] = 'revoke'): Verdict => ({
  kind: 'replay',
  gap,
  response,
});

export type Case = {
  readonly name: string;
  /** What differs from the usual grant; `'none'` where the store has no such grant. */
  readonly grant?: Partial<Grant> | 'none';
  readonly presented: Presented;
  /** Milliseconds since the last rotation. */
  readonly afterMs: Millis;
  readonly doubt?: ClockDoubt;
  readonly policy?: Partial<Policy>;
  readonly verdict: Verdict;
};

/** Tests the verdict of each case. */
export const judgeCases = (cases: readonly Case[]): void => {
  for (const { name, grant = {}, presented, afterMs, doubt, policy = {}, verdict } of cases) {
    void test(name, () => {
      const row = grant === 'none' ? undefined : { ...GRANT, ...grant };
      const nowMs = ROTATED_AT_MS + afterMs;
      assert.deepEqual(judge(row, presented, { nowMs, doubt }, { ...POLICY, ...policy }), verdict);
    });
  }
};

export const REVOKED = { revocation: { atMs: (CREATED_AT + 90_000) * 1000, cause: 'operator' } } as const;

/** The end of a grant whose last rotation was 86,400 seconds after its creation. */
export const UNTIL_30_S_AFTER_ROTATION = { grantLifetimeSeconds: 86_430 } as const;
