import type { Breaker, ClientFacts } from '../grants/client-facts.ts';
import type { ConsentCause, Due, Grant, GrantState } from '../grants/grant.ts';
import type { Outage } from '../grants/outage.ts';
import { shareOf } from '../grants/pace.ts';
import { skewMsOf } from '../grants/skew.ts';
import type { Client } from '../providers/clients.ts';
import type { Surprise } from '../providers/learned.ts';
import type { Attempt } from '../stores/store.ts';
import type { Millis } from '../time.ts';

/** A connection as people and programs see it. It holds no token, sealed or not. */
export type ConnectionView = {
  readonly name: string;
  readonly grantId: string;
  readonly client: string;
  readonly params: Readonly<Record<string, string>>;
  readonly state: GrantState;
  readonly cause: ConsentCause | undefined;
  readonly sinceMs: Millis;
  readonly generation: number;
  readonly issuedAtMs: Millis;
  readonly accessExpiresAtMs: Millis;
  readonly refreshExpiresAtMs: Millis | undefined;
  /** When the keeper looks at it again. */
  readonly due: Due | undefined;
  readonly failures: number;
  readonly askedAtMs: Millis | undefined;
  readonly isAtRisk: boolean;
};

/** One connection with its history. */
export type ConnectionDetails = ConnectionView & {
  /** Every connection that uses the same grant, this one included. */
  readonly sharedBy: readonly string[];
  /** The last sends, newest first. */
  readonly attempts: readonly Attempt[];
};

/** A client as people and programs see it. It holds no secret. */
export type ClientView = {
  readonly name: string;
  readonly provider: string;
  /** The provider refuses it; `undefined` where all is well. */
  readonly breaker: Breaker | undefined;
  /** No connection reaches the provider; `undefined` where all is well. */
  readonly outage: Outage | undefined;
  /** The provider asked for a pause until then. */
  readonly pausedUntilMs: Millis | undefined;
  /** What it may send per second, and what it may send now: less after a pause, or after it was stopped. */
  readonly perSecondMax: number;
  readonly perSecond: number;
  /** The provider's clock minus ours; `undefined` where nothing was measured. */
  readonly skewMs: Millis | undefined;
  readonly successAtMs: Millis | undefined;
  /** What the provider did unlike its profile, the newest last. */
  readonly surprises: readonly Surprise[];
};

export const clientViewOf = (
  name: string,
  { provider, perSecondMax }: Client,
  { breaker, outage, pausedUntilMs, pace, skew, successAtMs, surprises }: ClientFacts,
  nowMs: Millis,
): ClientView => ({
  name,
  provider: provider.name,
  breaker,
  outage,
  pausedUntilMs: pausedUntilMs !== undefined && pausedUntilMs > nowMs ? pausedUntilMs : undefined,
  perSecondMax,
  perSecond: perSecondMax * shareOf(pace, nowMs),
  skewMs: skew.samples.length === 0 ? undefined : skewMsOf(skew),
  successAtMs,
  surprises,
});

export const viewOf = (name: string, grant: Grant): ConnectionView => ({
  name,
  grantId: grant.id,
  client: grant.client,
  params: grant.params,
  state: grant.state,
  cause: grant.cause,
  sinceMs: grant.sinceMs,
  generation: grant.generation,
  issuedAtMs: grant.issuedAtMs,
  accessExpiresAtMs: grant.accessExpiresAtMs,
  refreshExpiresAtMs: grant.refreshExpiresAtMs,
  due: grant.due,
  failures: grant.failures,
  askedAtMs: grant.askedAtMs,
  isAtRisk: grant.isAtRisk,
});
