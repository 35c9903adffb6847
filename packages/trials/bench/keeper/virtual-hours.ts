import { quantile } from '../volume/figure.ts';
import { BURST, PER_SECOND } from './fleet.ts';
import type { Plan, Reporter } from './plan.ts';
import type { VirtualFleet } from './virtual-fleet.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const LAG_MAX_S = 5;

const progressOf =
  ({ progress }: Reporter, part: string) =>
  (doneMs: number, totalMs: number): void =>
    progress(`${part}, virtual minutes`, Math.round(doneMs / MINUTE_MS), Math.round(totalMs / MINUTE_MS));

/** An hour as all others: how late the schedule is. Before it, each car in use was asked for: what is due in the past is over. */
export const measureHour = async (fleet: VirtualFleet, reporter: Reporter): Promise<void> => {
  await fleet.run(HOUR_MS / 2, progressOf(reporter, 'start'));
  fleet.lagsMs.length = 0;
  fleet.sentMs.length = 0;
  const startedMs = performance.now();
  await fleet.run(HOUR_MS, progressOf(reporter, 'hour'));
  const seconds = (performance.now() - startedMs) / 1000;
  const lags = fleet.lagsMs.toSorted((one, other) => one - other);
  reporter.report({ name: 'refreshes in a virtual hour', value: fleet.sentMs.length, unit: '' });
  reporter.report({ name: 'real time of that hour', value: seconds, unit: 's', atMost: 3600 });
  reporter.report({ name: 'lag of what is due, p99', value: quantile(lags, 0.99) / 1000, unit: 's' });
  reporter.report({
    name: 'lag of what is due, the longest',
    value: (lags.at(-1) ?? 0) / 1000,
    unit: 's',
    atMost: LAG_MAX_S,
  });
};

/** The provider is away for hours, and comes back: a herd waits. */
export const measureOutage = async (fleet: VirtualFleet, plan: Plan, reporter: Reporter): Promise<void> => {
  const outageMs = plan.outageHours * HOUR_MS;
  fleet.setDown(true);
  fleet.sentMs.length = 0;
  await fleet.run(outageMs, progressOf(reporter, 'outage'));
  const duringPerSecond = fleet.sentMs.length / (outageMs / 1000);
  fleet.setDown(false);
  fleet.sentMs.length = 0;
  const backMs = fleet.nowMs();
  let healthyMs: number | undefined;
  while (healthyMs === undefined && fleet.nowMs() - backMs < 12 * HOUR_MS) {
    await fleet.run(5 * MINUTE_MS, progressOf(reporter, 'herd'));
    const { overdue } = await fleet.keeper.forecastDue(1);
    if (overdue < plan.hot / 1000 + 1) healthyMs = fleet.nowMs();
  }
  const { states } = await fleet.keeper.counts();
  const lost = states.dead ?? 0;
  reporter.report({
    name: `outage of ${plan.outageHours} h: attempts meanwhile`,
    value: duringPerSecond,
    unit: '/s',
  });
  reporter.report({
    name: 'after it: the most requests in a minute, of all clients',
    value: mostWithin(fleet.sentMs, MINUTE_MS),
    unit: '',
    atMost: 3 * (PER_SECOND * 60 + BURST),
  });
  reporter.report({
    name: 'after it: until nothing is overdue',
    value: ((healthyMs ?? Number.NaN) - backMs) / MINUTE_MS,
    unit: 'min',
  });
  reporter.report({ name: 'after it: grants lost', value: lost, unit: '', atMost: 0 });
};

/** The most moments within any time of this length. */
const mostWithin = (moments: readonly number[], lengthMs: number): number => {
  let first = 0;
  let most = 0;
  for (const [last, atMs] of moments.entries()) {
    while ((moments[first] ?? 0) <= atMs - lengthMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
};
