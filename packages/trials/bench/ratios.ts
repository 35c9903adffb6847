import type { Figures } from './job.ts';
import type { Measurement } from './rounds.ts';
import { medianOf, spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { PEERS, TARGET_NAMES } from './targets/target.ts';
import type { TargetName } from './targets/target.ts';

/** A figure that can be compared. */
export type FigureName = keyof Figures;

/** A figure of one target divided by the same figure of another target, in the same round. */
export type Ratio = {
  readonly figure: FigureName;
  readonly of: TargetName;
  readonly to: TargetName;
  readonly connections: number;
  readonly spread: Spread;
};

type Comparison = Pick<Ratio, 'figure' | 'of' | 'to'>;

/** The bare server that answers in the same dialect: the lower limit of the cost. */
export const bareOf = (target: TargetName): TargetName => (target === 'pleos' ? 'echo-pleos' : 'echo');

/** The figures that are compared with the bare server's. */
export const BARE_FIGURES = ['cpuMicrosPerRequest', 'p99Ms'] as const satisfies readonly FigureName[];

/**
 * Every server against the bare one, then Keyfob against others, on PostgreSQL against the limit of the database, and with and
 * without traces against a server that has no code for them.
 */
const COMPARISONS: readonly Comparison[] = [
  ...TARGET_NAMES.filter((of) => of !== bareOf(of) && of !== 'echo-pleos' && of !== 'pgbench').flatMap((of) =>
    BARE_FIGURES.map((figure): Comparison => ({ figure, of, to: bareOf(of) })),
  ),
  ...(['smartcar', 'pleos', 'smartcar-postgres'] as const).flatMap((of) =>
    PEERS.map((to): Comparison => ({ figure: 'requestsPerSecond', of, to })),
  ),
  ...(['requestsPerSecond', 'cpuMicrosPerRequest', 'p99Ms'] as const).map((figure): Comparison => ({
    figure,
    of: 'smartcar-postgres',
    to: 'pgbench',
  })),
  ...(['smartcar', 'smartcar-sdk'] as const).map((of): Comparison => ({
    figure: 'cpuMicrosPerRequest',
    of,
    to: 'smartcar-untraced',
  })),
];

/** Every comparison for which there are measurements, computed within each round. */
export const compareTargets = (measurements: readonly Measurement[]): readonly Ratio[] =>
  [...new Set(measurements.map(({ connections }) => connections))].flatMap((connections) =>
    COMPARISONS.flatMap((comparison) => {
      const ratios = ratiosByRound(measurements, { ...comparison, connections });
      return ratios.length === 0 ? [] : [{ ...comparison, connections, spread: spreadOf(ratios) }];
    }),
  );

/** One ratio per round that has both figures. */
export const ratiosByRound = (
  measurements: readonly Measurement[],
  { figure, of, to, connections }: Omit<Ratio, 'spread'>,
): readonly number[] =>
  measurements
    .filter((measurement) => measurement.target === of && measurement.connections === connections)
    .flatMap((measurement) => {
      const baseline = measurements.find(
        (other) =>
          other.target === to && other.connections === connections && other.round === measurement.round,
      );
      const value = measurement[figure];
      const base = baseline?.[figure];
      return value === undefined || base === undefined ? [] : [value / base];
    });

/** The generator must drive the bare server this much faster than Keyfob, at this number of connections. */
const CHECK_CONNECTIONS = 64;
const CHECK_RATIO_MIN = 1.5;

/** Whether the generator can send more requests than the measured server can answer. */
export type GeneratorCheck = {
  readonly verdict: 'passed' | 'failed' | 'not_measured';
  readonly text: string;
};

/** Compares the bare server with Keyfob. If it is much faster, the generator is not the bottleneck. */
export const checkGenerator = (measurements: readonly Measurement[]): GeneratorCheck => {
  const to = measurements.some(({ target }) => target === 'smartcar') ? 'smartcar' : 'smartcar-postgres';
  const ratios = ratiosByRound(measurements, {
    figure: 'requestsPerSecond',
    of: 'echo',
    to,
    connections: CHECK_CONNECTIONS,
  });
  const condition = `echo at least ${CHECK_RATIO_MIN} times as fast as ${to} at ${CHECK_CONNECTIONS} connections`;
  if (ratios.length === 0)
    return {
      verdict: 'not_measured',
      text: `The speed of the generator was not checked: the check needs ${condition}.`,
    };
  const ratio = medianOf(ratios);
  const isFastEnough = ratio >= CHECK_RATIO_MIN;
  return {
    verdict: isFastEnough ? 'passed' : 'failed',
    text: isFastEnough
      ? `The generator is not the bottleneck: it drove the bare server ${ratio.toFixed(2)} times as fast as Keyfob (needed: ${CHECK_RATIO_MIN}).`
      : `THE GENERATOR MAY BE THE BOTTLENECK: it drove the bare server only ${ratio.toFixed(2)} times as fast as Keyfob (needed: ${condition}).`,
  };
};
