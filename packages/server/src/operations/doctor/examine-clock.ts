import { systemClock } from '../../clock.ts';
import type { Millis } from '../../clock.ts';
import type { ClockSource } from '../../clock-source.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const EARLIEST_MS = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;
const SLACK_MS = 60_000;
/** By which the machine's clock may differ from the database's. */
const AGREEMENT_MS = 5000;

const SYNCHRONISE = 'Set the clock and synchronise it with NTP.';

type Time = Pick<ClockSource, 'now' | 'skewMs' | 'isFarOff' | 'doubt' | 'earliest'>;

/** Checks the machine's clock against the newest moments of a store in a file. */
export const examineClock = (time: Time | undefined, newestGrantAtMs: Millis): Finding => {
  const nowMs = time === undefined ? systemClock() : time.now() + time.skewMs();
  const now = new Date(nowMs).toISOString();
  const isBehind = nowMs < EARLIEST_MS || nowMs + SLACK_MS < newestGrantAtMs;
  if (isBehind) return bad('clock', 'fail', `${now}, earlier than the newest grant`, SYNCHRONISE);
  if (time === undefined) return ok('clock', now);
  if (time.skewMs() < -SLACK_MS)
    return bad('clock', 'fail', `${now}, earlier than a server noted in the store`, SYNCHRONISE);
  const aheadMs = time.doubt()?.byMs ?? 0;
  if (aheadMs <= DAY_MS) return ok('clock', now);
  const finding = `${now}, ${Math.floor(aheadMs / DAY_MS)} days after the newest moment that a server noted`;
  return bad(
    'clock',
    'warn',
    finding,
    'Check the clock. If it is right, start the server with --trust-clock, once.',
  );
};

/** Checks the machine's clock against that of the database, which every node uses. */
export const examineSharedClock = (time: Time): Finding => {
  const skewMs = time.skewMs();
  const now = new Date(time.now() + skewMs).toISOString();
  if (Math.abs(skewMs) <= AGREEMENT_MS) return ok('clock', now);
  const way = skewMs > 0 ? 'ahead of' : 'behind';
  const finding = `${now}, ${Math.round(Math.abs(skewMs) / 1000)} s ${way} the database's, which the nodes use`;
  return bad('clock', time.isFarOff() ? 'fail' : 'warn', finding, SYNCHRONISE);
};
