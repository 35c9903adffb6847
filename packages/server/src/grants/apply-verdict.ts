import { toMillis } from '../clock.ts';
import type { Millis } from '../clock.ts';
import type { Caller } from '../log-event.ts';
import { GENERATION_MAX } from '../tokens/refresh-token.ts';
import { beganAt, revoked } from './grant.ts';
import type { CurrentGrant } from './grant.ts';
import type { Presented, Verdict } from './judge.ts';
import { rememberRotation } from './rotation-history.ts';

/** The use that a verdict is about. */
type Use = {
  readonly presented: Presented;
  readonly nowMs: Millis;
  readonly keyNumber: number;
  readonly caller: Caller;
};

/** The grant as the verdict leaves it; the same object where the verdict changes nothing. */
export const applyVerdict = <Known extends CurrentGrant>(grant: Known, verdict: Verdict, use: Use): Known => {
  switch (verdict.kind) {
    case 'rotate':
      return successorOf(grant, grant.generation, 0, use);
    case 'resync':
      return successorOf(grant, use.presented.generation, verdict.lost, use);
    case 'replay':
      if (verdict.response !== 'revoke') return grant;
      return revoked(grant, 'replay', use.nowMs);
    case 'repeat':
    case 'refuse':
      return grant;
  }
};

const successorOf = <Known extends CurrentGrant>(
  grant: Known,
  used: number,
  lost: number,
  { presented, nowMs, keyNumber, caller }: Use,
): Known => ({
  ...grant,
  generation: Math.min(used + 1, GENERATION_MAX),
  keyNumber,
  rotatedAtMs: rememberRotation(grant.rotatedAtMs, Math.max(nowMs, toMillis(beganAt(grant))), lost),
  rotatedBy: caller,
  useDigest: presented.useDigest,
});
