import type { Millis } from '../time.ts';
import type { Timing } from './timing.ts';

/** Unclear refusals of one grant, without another answer in between. */
export type UnclearRefusals = {
  readonly grantId: string;
  readonly firstAtMs: Millis;
  readonly lastAtMs: Millis;
  readonly count: number;
  /** Whether none of them is known to the provider's profile. Missing for no. */
  readonly isUnrecognised?: boolean;
};

/** One refusal that does not say whose fault it is. */
export type Refusal = {
  readonly grantId: string;
  readonly sentAtMs: Millis;
  /** Whether the provider's profile lists it. */
  readonly isRecognised: boolean;
};

/** What other grants of a client show about an unclear refusal. */
export type Evidence = {
  readonly grantId: string;
  /** The last success of any grant of this client; `undefined` for none with its present secrets. */
  readonly clientSuccessAtMs: Millis | undefined;
  /** Unclear refusals of this client, the one in question included. */
  readonly unclear: readonly UnclearRefusals[];
  readonly nowMs: Millis;
  /** The latest moment that a stored one may have been: a clock that jumped proves nothing. */
  readonly latest: (atMs: Millis) => Millis;
};

/** Several grants cannot all have died in the same minutes. */
const GRANTS_OF_A_WRONG_CLIENT = 5;
/** A refusal alone is repeated so often before it is believed. */
const REFUSALS_ALONE = 3;
const NOTED_MAX = 20;

/**
 * Whose fault an unclear refusal is: that of the `grant`, of the `client`, or not known yet (`wait`). A provider without
 * `invalid_grant` answers a dead token and a wrong secret alike; only other grants of the same client tell them apart.
 */
export const verdictOf = (evidence: Evidence, timing: Timing): 'grant' | 'client' | 'wait' => {
  const { grantId, clientSuccessAtMs, unclear, nowMs, latest } = evidence;
  const own = unclear.find((one) => one.grantId === grantId);
  if (own === undefined) return 'wait';
  if (clientSuccessAtMs !== undefined && clientSuccessAtMs > own.firstAtMs) return 'grant';
  const recent = unclear.filter(({ lastAtMs }) => latest(lastAtMs) > nowMs - timing.suspectMaxMs);
  if (recent.length >= GRANTS_OF_A_WRONG_CLIENT) return 'client';
  if (own.count < REFUSALS_ALONE || nowMs - latest(own.firstAtMs) < timing.suspectMaxMs) return 'wait';
  // Nothing else will show it. Secrets that have worked are the likelier to be right.
  return clientSuccessAtMs === undefined ? 'client' : 'grant';
};

/**
 * The list with one more unclear refusal. The grants that were refused last are kept. What the profile does not list counts for the
 * client, and never for a grant: the first one that it lists begins anew.
 */
export const noteUnclear = (
  unclear: readonly UnclearRefusals[],
  { grantId, sentAtMs, isRecognised }: Refusal,
): readonly UnclearRefusals[] => {
  const own = unclear.find((one) => one.grantId === grantId);
  const before = isRecognised && own?.isUnrecognised === true ? undefined : own;
  const noted = {
    grantId,
    firstAtMs: before?.firstAtMs ?? sentAtMs,
    lastAtMs: sentAtMs,
    count: (before?.count ?? 0) + (isRecognised ? 1 : 0),
    ...(!isRecognised && (before === undefined || before.isUnrecognised === true)
      ? { isUnrecognised: true }
      : {}),
  };
  return [noted, ...unclear.filter((one) => one.grantId !== grantId)].slice(0, NOTED_MAX);
};
