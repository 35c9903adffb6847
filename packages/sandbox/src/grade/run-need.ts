import { openBlockedOutput } from './blocked-output.ts';
import { environmentOfRun, readAnswer } from './contract.ts';
import type { Answer, Ending, FirstTokens } from './contract.ts';
import type { GradeWorld, SeenRequest } from './grade-world.ts';
import { hideSecrets, lastLines } from './hide-secrets.ts';
import type { KillMoment } from './history.ts';
import type { Program, Runner } from './program.ts';
import { holdState, tearState } from './state-folder.ts';
import type { StateFacts } from './state-folder.ts';
import type { NewFault } from '../faults/fault.ts';

/** What is graded, and how it is run. */
export type Subject = {
  /** As the scorecard shows it. */
  readonly command: readonly string[];
  openRunner(): Runner;
  /** Whether it prints its answer, so that it can be stopped while it does. */
  readonly isPrinting: boolean;
  /** A run that takes longer has hung. */
  readonly limitMs: number;
  /** More variables for the command. */
  readonly environment: Readonly<Record<string, string>>;
};

/** A need of a scenario. */
export type NeedOrder = {
  readonly subject: Subject;
  readonly runner: Runner;
  readonly world: GradeWorld;
  /** The folder that the command keeps its state in. */
  readonly state: string;
  /** A folder for what the grade needs itself. */
  readonly scratch: string;
  /** The first tokens, until the command has stored them. */
  readonly first: FirstTokens | undefined;
  readonly callers: number;
  readonly kill: KillMoment | undefined;
  readonly clockSkewSeconds: number;
  readonly signal: AbortSignal;
};

/** What one run of the command did. */
export type Run = {
  readonly answer: Answer;
  readonly seconds: number;
  /** The last lines of its standard error, without secrets. */
  readonly lastLines: readonly string[];
};

/** What came of a need. */
export type NeedResult = {
  readonly runs: readonly Run[];
  /** The moment at which it was killed; `undefined` if it was not, or had ended before. */
  readonly killedAt: KillMoment | undefined;
  /** The file of its state that the kill has torn. */
  readonly torn: string | undefined;
  readonly requests: readonly SeenRequest[];
  /** When it began, as `performance.now()` has it. */
  readonly startedAt: number;
  /** Whether the command said that all is well, so that it must have stored its first tokens. */
  readonly hasAnswered: boolean;
};

/** How a request is held at the moment of a kill. */
const HOLDS: Readonly<Partial<Record<KillMoment, NewFault['do']>>> = {
  request: { loseAnswer: 'beforeCommit', how: 'hang' },
  commit: { loseAnswer: 'afterCommit', how: 'hang' },
  'partial-answer': { loseAnswer: 'afterCommit', how: 'halfBody' },
};

/** How long a command that waits for its output may go on before it is killed: all that comes before the print is done then. */
const PRINT_WAIT_MS = 1000;
/** How long one that never sends a request is waited for. */
const NO_REQUEST_MS = 10_000;
const LINES_KEPT = 6;
const LINE_WIDTH = 160;

/** Runs the command for one need, once or several times at once, and kills it if that is the order. */
export const runNeed = async (order: NeedOrder): Promise<NeedResult> => {
  const { subject, runner, world, state, scratch, kill, callers } = order;
  const startedAt = performance.now();
  const lastNumber = world.requests().at(-1)?.number ?? 0;
  const hold = kill === undefined ? undefined : HOLDS[kill];
  if (hold !== undefined) world.arm({ do: hold });
  const output = kill === 'print' && subject.isPrinting ? openBlockedOutput(scratch) : undefined;
  const before = kill === 'storing' ? holdState(state) : undefined;
  const environment = {
    ...world.environment(),
    ...subject.environment,
    ...environmentOfRun(state, world.nowMs() + order.clockSkewSeconds * 1000, order.first),
  };
  const { limitMs } = subject;
  const onPrinted = kill === 'exit' ? (program: Pick<Program, 'kill'>) => program.kill() : undefined;
  const limit = output === undefined ? limitMs : limitMs + NO_REQUEST_MS;
  const programs = Array.from({ length: callers }, () =>
    runner.start({ environment, limitMs: limit, output, onPrinted, signal: order.signal }),
  );
  const stop = output === undefined && kill === 'print' ? () => {} : killAt(kill, world, programs);
  const ends = await Promise.all(programs.map(({ ending }) => ending));
  // What it prints to a full output nobody sees, so it is as if it had been killed there.
  const endings = ends.map((ending): Ending =>
    output !== undefined && isAnswered(ending) ? { kind: 'killed' } : ending,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  stop();
  output?.close();
  if (hold !== undefined) world.disarm();
  await world.settle();
  const torn =
    before !== undefined && isAnswered(endings[0]) ? await tear(runner, state, before.files) : undefined;
  before?.release();
  const runs = await Promise.all(
    endings.map(async (ending, index): Promise<Run> => {
      const answer: Answer = torn !== undefined ? { kind: 'killed' } : await readAnswer(ending, world.kindOf);
      const text = hideSecrets(programs[index]?.errorText() ?? '', world.secrets());
      return { answer, seconds, lastLines: lastLines(text, LINES_KEPT, LINE_WIDTH) };
    }),
  );
  const isKilled = runs.some(({ answer }) => answer.kind === 'killed');
  return {
    runs,
    killedAt: isKilled ? kill : undefined,
    torn,
    requests: world.requests().filter(({ number }) => number > lastNumber),
    startedAt,
    hasAnswered: ends.some(isAnswered),
  };
};

const tear = async (runner: Runner, state: string, before: StateFacts): Promise<string | undefined> => {
  await runner.stop();
  return tearState(state, before);
};

const isAnswered = (ending: Ending | undefined): boolean => ending?.kind === 'exited' && ending.code === 0;

/** Kills the programs as soon as a request has come as far as the moment says. Returns what ends the watch. */
const killAt = (
  moment: KillMoment | undefined,
  world: GradeWorld,
  programs: readonly Program[],
): (() => void) => {
  if (moment === undefined || moment === 'storing' || moment === 'exit') return () => {};
  const killAll = (): void => programs.forEach((program) => program.kill());
  let timer = moment === 'print' ? setTimeout(killAll, NO_REQUEST_MS) : undefined;
  const unfollow = world.follow((request) => {
    if (!hasCome(moment, request)) return;
    if (moment !== 'print') return killAll();
    clearTimeout(timer);
    timer = setTimeout(killAll, PRINT_WAIT_MS);
  });
  return () => {
    clearTimeout(timer);
    unfollow();
  };
};

const hasCome = (moment: KillMoment, { stage, reached }: SeenRequest): boolean => {
  switch (moment) {
    case 'request':
      return true;
    case 'commit':
      return stage === 'committed';
    case 'partial-answer':
      return reached === 'part';
    case 'answer':
    case 'print':
      return stage === 'ended' && reached === 'all';
    case 'storing':
    case 'exit':
      return false;
  }
};
