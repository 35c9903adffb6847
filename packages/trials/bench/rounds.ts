import type { Cores } from './cores.ts';
import { startGenerator, WrongAnswer } from './generator-process.ts';
import type { Generator } from './generator-process.ts';
import type { Figures } from './job.ts';
import type { OpenTarget, SelfDriven, Target, TargetName } from './targets/target.ts';
import { TARGETS } from './targets/targets.ts';

/** The targets to measure, and how long. */
export type Plan = {
  readonly targets: readonly TargetName[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** The same load as in the measurement, but not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
};

/** The figures of one target, at one number of connections, in one round. */
export type Measurement = Figures & {
  readonly target: TargetName;
  readonly connections: number;
  /** From 1. */
  readonly round: number;
};

/** All measurements, and the reasons for skipped targets. */
export type Measured = {
  readonly measurements: readonly Measurement[];
  readonly skipped: Readonly<Partial<Record<TargetName, string>>>;
  /** What a reader must know about a target's figures. */
  readonly notes: Readonly<Partial<Record<TargetName, string>>>;
};

export type RoundsOptions = Pick<Cores, 'pin'> & {
  onProgress(done: number, total: number): void;
  /** Replaces the usual way to start a target. */
  open?(name: TargetName): OpenTarget;
};

/**
 * Starts every target and measures one after another, in rounds, so that other work on the machine affects all of them
 * alike. Rejects with `WrongAnswer` on the first wrong answer. SIGINT and SIGTERM stop it and every process it started.
 */
export const runRounds = async (plan: Plan, options: RoundsOptions): Promise<Measured> => {
  const { pin, open = (name: TargetName) => TARGETS[name].open } = options;
  const generator = await startGenerator();
  const closing = [generator.close];
  const interrupt = (): void => void generator.close();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    pin(generator.pid, 'generator');
    const targets: (Target | SelfDriven)[] = [];
    const notes: Partial<Record<TargetName, string>> = {};
    const skipped: Partial<Record<TargetName, string>> = {};
    for (const name of plan.targets) {
      const target = await open(name)(Math.max(...plan.connections));
      if ('skipped' in target) {
        skipped[name] = target.skipped;
        continue;
      }
      closing.push(target.close);
      for (const pid of target.pids) pin(pid, 'server');
      if (target.note !== undefined) notes[name] = target.note;
      targets.push(target);
    }
    return { measurements: await measureInTurn(plan, generator, targets, options), skipped, notes };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    for (const close of closing.toReversed()) await close();
  }
};

const measureInTurn = async (
  { connections: counts, rounds, ...times }: Plan,
  generator: Generator,
  targets: readonly (Target | SelfDriven)[],
  { pin, onProgress }: RoundsOptions,
): Promise<readonly Measurement[]> => {
  const measurements: Measurement[] = [];
  const total = rounds * counts.length * targets.length;
  const measures = targets.map((target) => ({
    target,
    measure: 'measure' in target ? measureSelfDriven(target, pin) : measureWith(generator, target),
  }));
  for (let round = 1; round <= rounds; round++) {
    for (const connections of counts) {
      for (const { target, measure } of measures) {
        onProgress(measurements.length, total);
        const figures = await measure({ ...times, connections });
        measurements.push({ target: target.name, connections, round, ...figures });
      }
    }
  }
  onProgress(total, total);
  return measurements;
};

type Measure = (
  plan: Pick<Plan, 'warmupMs' | 'measureMs'> & { readonly connections: number },
) => Promise<Figures>;

/** Each measurement continues with the last tokens of the previous one. */
const measureWith = (generator: Generator, target: Target): Measure => {
  const { name, port, wire, pids, walIndexPath } = target;
  const tokens = [...target.refreshTokens];
  return async ({ connections, warmupMs, measureMs }) => {
    const refreshTokens = tokens.slice(0, connections);
    const job = { port, wire, refreshTokens, warmupMs, measureMs, pids, walIndexPath };
    const outcome = await generator.measure(job).catch((error: unknown) => {
      throw error instanceof WrongAnswer
        ? new WrongAnswer(`${name} gave a wrong answer: ${error.message}`)
        : error;
    });
    tokens.splice(0, connections, ...outcome.refreshTokens);
    return outcome.figures;
  };
};

const measureSelfDriven =
  (target: SelfDriven, pin: Cores['pin']): Measure =>
  (plan) =>
    target.measure(plan, (pid) => pin(pid, 'generator'));
