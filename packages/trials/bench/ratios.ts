import type { Figures } from './job.ts';
import type { Measurement } from './rounds.ts';
import { medianOf, spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';
import type { TargetName } from './targets/target.ts';

/** A figure of a measurement that may be compared. */
export type FigureName = keyof Figures;

/** One target's figure over another's of the same round. */
export type Ratio = {
  readonly figure: FigureName;
  readonly of: TargetName;
  readonly to: TargetName;
  readonly connections: number;
  readonly spread: Spread;
};

type Wanted = Pick<Ratio, 'figure' | 'of' | 'to'>;

/** The comparisons that matter: what is more than the limit costs, and what others of the field do. */
const WANTED: readonly Wanted[] = [
  ...(['smartcar', 'pleos'] as const).flatMap((of): readonly Wanted[] => [
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

/** Every comparison that these measurements allow, computed within each round. */
export const compareTargets = (measurements: readonly Measurement[]): readonly Ratio[] =>
  [...new Set(measurements.map(({ connections }) => connections))].flatMap((connections) =>
    WANTED.flatMap((wanted) => {
      const ratios = ratiosByRound(measurements, { ...wanted, connections });
      return ratios.length === 0 ? [] : [{ ...wanted, connections, spread: spreadOf(ratios) }];
    }),
  );

/** One ratio a round, of the rounds that have both. */
export const ratiosByRound = (
  measurements: readonly Measurement[],
  { figure, of, to, connections }: Omit<Ratio, 'spread'>,
): readonly number[] =>
  measurements
    .filter((one) => one.target === of && one.connections === connections)
    .flatMap((one) => {
      const other = measurements.find(
        (two) => two.target === to && two.connections === connections && two.round === one.round,
      );
      const value = one[figure];
      const base = other?.[figure];
      return value === undefined || base === undefined ? [] : [value / base];
    });

/** The connections at which the generator has to prove itself, and by how much. */
const PROOF_CONNECTIONS = 64;
const PROOF_RATIO_MIN = 1.5;

/** Whether the generator can drive more than the server under measure can take. */
export type Proof = { readonly verdict: 'proved' | 'failed' | 'not_measured'; readonly text: string };

/** The generator is not the bottleneck if it drives the bare server well above the speed of Keyfob. */
export const proveGenerator = (measurements: readonly Measurement[]): Proof => {
  const to = measurements.some(({ target }) => target === 'smartcar') ? 'smartcar' : 'smartcar-postgres';
  const ratios = ratiosByRound(measurements, {
    figure: 'requestsPerSecond',
    of: 'echo',
    to,
    connections: PROOF_CONNECTIONS,
  });
  const needs = `echo at least ${PROOF_RATIO_MIN} times as fast as ${to} at ${PROOF_CONNECTIONS} connections`;
  if (ratios.length === 0)
    return { verdict: 'not_measured', text: `The generator did not have to prove itself: needs ${needs}.` };
  const ratio = medianOf(ratios);
  const isProved = ratio >= PROOF_RATIO_MIN;
  return {
    verdict: isProved ? 'proved' : 'failed',
    text: isProved
      ? `The generator is not the bottleneck: it drove the bare server ${ratio.toFixed(2)} times as fast as Keyfob (needed: ${PROOF_RATIO_MIN}).`
      : `THE GENERATOR MAY BE THE BOTTLENECK: it drove the bare server only ${ratio.toFixed(2)} times as fast as Keyfob; needs ${needs}.`,
  };
};
