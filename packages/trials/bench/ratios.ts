import type { Figures } from './job.ts';
import type { Measurement } from './rounds.ts';
import { medianOf, spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';
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

/** The comparisons that the report shows: with a lower limit of the cost, and with other OAuth servers. */
const COMPARISONS: readonly Comparison[] = [
  ...(['smartcar', 'pleos'] as const).flatMap((of): readonly Comparison[] => [
    { figure: 'cpuMicrosPerRequest', of, to: 'echo' },
    { figure: 'p99Ms', of, to: 'echo' },
    { figure: 'requestsPerSecond', of, to: 'oidc-provider-openid' },
    { figure: 'requestsPerSecond', of, to: 'oidc-provider' },
    { figure: 'requestsPerSecond', of, to: 'hydra' },
  ]),
  { figure: 'requestsPerSecond', of: 'smartcar-postgres', to: 'pgbench' },
  { figure: 'cpuMicrosPerRequest', of: 'smartcar-postgres', to: 'pgbench' },
  { figure: 'p99Ms', of: 'smartcar-postgres', to: 'pgbench' },
  { figure: 'cpuMicrosPerRequest', of: 'smartcar-postgres', to: 'echo' },
  { figure: 'p99Ms', of: 'smartcar-postgres', to: 'echo' },
  { figure: 'requestsPerSecond', of: 'smartcar-postgres', to: 'hydra-postgres' },
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
    .filter((one) => one.target === of && one.connections === connections)
    .flatMap((one) => {
      const baseline = measurements.find(
        (other) => other.target === to && other.connections === connections && other.round === one.round,
      );
      const value = one[figure];
      const base = baseline?.[figure];
      return value === undefined || base === undefined ? [] : [value / base];
    });

/** The generator must drive the bare server this much faster than Keyfob, at this number of connections. */
const PROOF_CONNECTIONS = 64;
const PROOF_RATIO_MIN = 1.5;

/** Whether the generator can send more requests than the measured server can answer. */
export type Proof = { readonly verdict: 'proved' | 'failed' | 'not_measured'; readonly text: string };

/** Compares the bare server with Keyfob. If it is much faster, the generator is not the bottleneck. */
export const proveGenerator = (measurements: readonly Measurement[]): Proof => {
  const to = measurements.some(({ target }) => target === 'smartcar') ? 'smartcar' : 'smartcar-postgres';
  const ratios = ratiosByRound(measurements, {
    figure: 'requestsPerSecond',
    of: 'echo',
    to,
    connections: PROOF_CONNECTIONS,
  });
  const condition = `echo at least ${PROOF_RATIO_MIN} times as fast as ${to} at ${PROOF_CONNECTIONS} connections`;
  if (ratios.length === 0)
    return {
      verdict: 'not_measured',
      text: `The speed of the generator was not checked: the check needs ${condition}.`,
    };
  const ratio = medianOf(ratios);
  const isProved = ratio >= PROOF_RATIO_MIN;
  return {
    verdict: isProved ? 'proved' : 'failed',
    text: isProved
      ? `The generator is not the bottleneck: it drove the bare server ${ratio.toFixed(2)} times as fast as Keyfob (needed: ${PROOF_RATIO_MIN}).`
      : `THE GENERATOR MAY BE THE BOTTLENECK: it drove the bare server only ${ratio.toFixed(2)} times as fast as Keyfob (needed: ${condition}).`,
  };
};
