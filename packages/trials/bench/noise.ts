import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { readTreeCpuMicros } from './measure.ts';
import type { Measurement } from './rounds.ts';
import { spreadOf } from './statistics.ts';

/** What else happened on the machine during a run. Figures that this system cannot measure are absent. */
export type Noise = {
  /** The load average of the last minute, after the run. */
  readonly loadAfter: number;
  /** The share of the machine's CPU time that processes outside this run used, from 0 to 1. */
  readonly othersCpuShare?: number;
  /** The share of the CPU time that the hypervisor gave to other machines, from 0 to 1. */
  readonly stolenCpuShare?: number;
};

/** Watches the machine from now on. The result reports what it did apart from this process and all that it started. */
export const watchNoise = (): (() => Noise) => {
  const before = readAll();
  return () => {
    const loadAfter = loadavg()[0] ?? 0;
    const after = readAll();
    if (before === undefined || after === undefined) return { loadAfter };
    const wholeMicros = (after.atMs - before.atMs) * 1000 * cpus().length;
    const othersMicros = after.busyMicros - before.busyMicros - (after.ownMicros - before.ownMicros);
    return {
      loadAfter,
      othersCpuShare: Math.max(0, othersMicros / wholeMicros),
      stolenCpuShare: (after.stolenMicros - before.stolenMicros) / wholeMicros,
    };
  };
};

/** A unit of `/proc/stat`: USER_HZ is 100 wherever Node runs. */
const TICK_MICROS = 10_000;

/** The first line of `/proc/stat` has user, nice, system, idle, iowait, irq, softirq and steal. */
const readAll = () => {
  try {
    const ticks = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '')
      .split(/ +/)
      .slice(1)
      .map(Number);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
    return {
      atMs: performance.now(),
      busyMicros: (user + nice + system + irq + softirq) * TICK_MICROS,
      stolenMicros: steal * TICK_MICROS,
      ownMicros: readTreeCpuMicros(process.pid),
    };
  } catch {
    return undefined;
  }
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Describes the noise in one sentence, with the range of the bare server's cost, which is the same work every time. */
export const describeNoise = (
  { loadAfter, othersCpuShare, stolenCpuShare }: Noise,
  measurements: readonly Measurement[],
): string => {
  const bare = [...Map.groupBy(measurements, ({ connections }) => connections)].flatMap(
    ([connections, group]) => {
      const values = group.flatMap(({ target, cpuMicrosPerRequest = Number.NaN }) =>
        target === 'echo' && cpuMicrosPerRequest > 0 ? [cpuMicrosPerRequest] : [],
      );
      if (values.length < 2) return [];
      const { median, min, max } = spreadOf(values);
      return [`${(min / median).toFixed(2)} to ${(max / median).toFixed(2)} of its median at ${connections}`];
    },
  );
  const parts = [
    ...(othersCpuShare === undefined
      ? []
      : [`other programs used ${percent(othersCpuShare)} of the machine`]),
    ...(stolenCpuShare === undefined ? [] : [`the hypervisor took ${percent(stolenCpuShare)}`]),
    `the load average was ${loadAfter.toFixed(1)} at the end`,
    ...(bare.length === 0 ? [] : [`a bare answer cost ${bare.join(', ')} connections`]),
  ];
  return `Noise: ${parts.join('; ')}.`;
};
