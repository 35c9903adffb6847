import type { Store } from '../../stores/store.ts';
import type { Millis } from '../../time.ts';
import { describeSpan } from '../describe-span.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const SLACK_MS = 60_000;

/**
 * Compares the time of the store with the clock of this machine. In a file it is ahead where the clock was ahead once: it never goes back. In a
 * database it is that machine's clock.
 */
export const examineTime = ({ nowMs }: Pick<Store, 'nowMs'>, wallMs: Millis): Finding => {
  const aheadMs = nowMs() - wallMs;
  if (Math.abs(aheadMs) <= SLACK_MS) return ok('time', 'the time of the store is that of this machine');
  const way = aheadMs > 0 ? 'ahead of' : 'behind';
  return bad(
    'time',
    'warn',
    `the time of the store is ${describeSpan(Math.abs(aheadMs))} ${way} the clock of this machine: moments that are shown are off by as much`,
    'Check both clocks, and synchronise them with NTP. The time of a file does not go back: no grant ends by that, but report access tokens that are refused (POST .../rejected), and plan by the event at_risk and not by moments.',
  );
};
