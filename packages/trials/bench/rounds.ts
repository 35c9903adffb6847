import type { Cores } from './cores.ts';
import { startGenerator, WrongAnswer } from './generator-process.ts';
import type { Generator } from './generator-process.ts';
import type { Figures } from './job.ts';
import type { Durability, OpenTarget, SelfDriven, Target, TargetName } from './targets/target.ts';
import { OURS } from './targets/target.ts';
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
  /** The servers of others that gave a wrong answer, and when. There are only measurements before it. */
  readonly stopped: Readonly<Partial<Record<TargetName, string>>>;
  /** What a reader must know about a target's figures. */
  readonly notes: Readonly<Partial<Record<TargetName, string>>>;
  readonly durability: Readonly<Partial<Record<TargetName, Durability>>>;
};

export type RoundsOptions = Pick<Cores, 'pin'> & {
  onProgress(done: number, total: number): void;
  /** Whether servers of others may be downloaded and built, if the cache lacks them; by default not. */
  readonly mayDownload?: boolean;
  /** Replaces the usual way to start a target. */
  open?(name: TargetName): OpenTarget;
};

/**
 * Starts every target and measures one after another, in rounds, so that other work on the machine affects all of them
 * alike. Rejects with `WrongAnswer` on the first wrong answer of a server of ours; a server of others is then left out
 * from there on. SIGINT and SIGTERM stop it and every process it started.
 */
export const runRounds = async (plan: Plan, options: RoundsOptions): Promise<Measured> => {
  const { pin, mayDownload = false, open = (name: TargetName) => TARGETS[name].open } = options;
  const generator = await startGenerator();
  const closing = [generator.close];
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    void generator.close();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    pin(generator.pid, 'generator');
    const targets: (Target | SelfDriven)[] = [];
    const notes: Partial<Record<TargetName, string>> = {};
    const skipped: Partial<Record<TargetName, string>> = {};
    const durability: Partial<Record<TargetName, Durability>> = {};
    for (const name of plan.targets) {
      const target = await open(name)(Math.max(...plan.connections), { mayDownload });
      if (!('skipped' in target)) closing.push(target.close);
      // A download or a build can take minutes: a signal during it ends the run here, not at the next measurement.
      if (isInterrupted) throw new Error('interrupted');
      if ('skipped' in target) {
        skipped[name] = target.skipped;
        continue;
      }
      for (const pid of target.pids) pin(pid, 'server');
      if (target.note !== undefined) notes[name] = target.note;
      durability[name] = target.durability;
      targets.push(target);
    }
    const stopped: Partial<Record<TargetName, string>> = {};
    const measurements = await measureInTurn(plan, generator, targets, { ...options, stopped });
    return { measurements, skipped, stopped, notes, durability };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    for (const close of closing.toReversed()) await close();
  }
};

const measureInTurn = async (
  { connections: counts, rounds, ...times }: Plan,
  generator: Generator,
  targets: readonly (Target | SelfDriven)[],
  { pin, onProgress, stopped }: RoundsOptions & { readonly stopped: Partial<Record<TargetName, string>> },
): Promise<readonly Measurement[]> => {
  const measurements: Measurement[] = [];
  const total = rounds * counts.length * targets.length;
  let done = 0;
  const measures = targets.map((target) => ({
    target,
    measure: 'measure' in target ? measureSelfDriven(target, pin) : measureWith(generator, target),
  }));
  const measureOne = async (
    { target: { name }, measure }: (typeof measures)[number],
    plan: Parameters<Measure>[0],
    when: string,
  ): Promise<Figures | undefined> => {
    if (stopped[name] !== undefined) return undefined;
    try {
      return await measure(plan);
    } catch (error) {
      if (!(error instanceof WrongAnswer) || OURS.has(name)) throw error;
      stopped[name] = `${when}, ${error.message}`;
      return undefined;
    }
  };

  onProgress(0, total);
  for (const one of measures) {
    const measureMs = 'firstWarmupMs' in one.target ? one.target.firstWarmupMs : undefined;
    if (measureMs === undefined) continue;
    const plan = { connections: Math.max(...counts), warmupMs: 0, measureMs };
    await measureOne(one, plan, 'in the warm-up before the first round');
  }
  for (let round = 1; round <= rounds; round++) {
    for (const connections of counts) {
      for (const one of measures) {
        onProgress(done++, total);
        const when = `at ${connections} connections in round ${round}`;
        const figures = await measureOne(one, { ...times, connections }, when);
        if (figures === undefined) continue;
        measurements.push({ target: one.target.name, connections, round, ...figures });
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
