import { DIALECTS } from '@keyfob/server/dialects';
import { diagnose, hasEverWorked, STATE_ELSEWHERE } from './diagnose.ts';
import type { Diagnosis } from './diagnose.ts';
import type { GradeWorld } from './grade-world.ts';
import { judgeHistory } from './judge-history.ts';
import { isFailed, isFlawless } from './judgement.ts';
import type { FindingKind, Judgement, Outcome } from './judgement.ts';
import { PLAIN, PLANS } from './plans.ts';
import type { Plan } from './plan.ts';
import { runPlan } from './run-plan.ts';
import type { PlayedPlan, StoryLine } from './run-plan.ts';
import type { Subject } from './run-need.ts';
import { lifetimesOf, pauseSecondsOf, ruleOf } from './spans.ts';
import type { GradedDialect, Lifetimes } from './spans.ts';

/** What to grade, and in which way. */
export type GradeOrder = {
  readonly subject: Subject;
  readonly dialect: GradedDialect;
  /** Names of scenarios; `undefined` for all. The one without faults is always run first. */
  readonly scenarios: readonly string[] | undefined;
  readonly isRealTime: boolean;
  /** How many scenarios are run at once. */
  readonly jobs: number;
  openWorld(wanted: WantedWorld): Promise<GradeWorld>;
  /** Called whenever a scenario has ended. */
  onProgress(done: number, total: number): void;
  /** Stops after the steps at hand. */
  readonly signal: AbortSignal;
};

/** The world of one scenario. */
export type WantedWorld = {
  readonly dialect: GradedDialect;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly lifetimes: Lifetimes;
  /** Whether its clock runs as the real one does. */
  readonly isRealTime: boolean;
};

/** One scenario of a scorecard. */
export type GradedScenario = Judgement & {
  readonly name: string;
  readonly title: string;
  /** What happened, line by line. */
  readonly story: readonly StoryLine[];
  /** The last lines of standard error of the last run that did not print a token. */
  readonly lastLines: readonly string[];
  readonly seconds: number;
};

/** What came of grading a command. */
export type Scorecard = {
  readonly dialect: GradedDialect;
  readonly command: readonly string[];
  readonly isRealTime: boolean;
  /** Why it cannot be graded: mostly it never worked, even without a fault. Then no other scenario was run. */
  readonly neverWorked: Diagnosis | undefined;
  readonly scenarios: readonly GradedScenario[];
  /** Scenarios that cannot be run in this way, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly because: string }[];
  readonly totals: Totals;
};

/** How many scenarios have each outcome, and each finding. */
export type Totals = {
  readonly scenarios: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly findings: Readonly<Record<FindingKind, number>>;
  readonly failed: number;
  readonly flawless: number;
};

/** All scenarios of a dialect, in the order of the scorecard. */
export const scenarioTitles = (dialect: GradedDialect): readonly Pick<Plan, 'name' | 'title'>[] =>
  PLANS.filter((plan) => canHappen(plan, dialect)).map(({ name, title }) => ({ name, title }));

const canHappen = ({ isFor }: Plan, dialect: GradedDialect): boolean => isFor?.(DIALECTS[dialect]) ?? true;

/** Runs a command through the scenarios, each in a world of its own, and judges what it did. */
export const grade = async (order: GradeOrder): Promise<Scorecard> => {
  const { dialect, scenarios: wanted, isRealTime, subject } = order;
  const chosen = PLANS.filter(
    (plan) =>
      plan !== PLAIN && canHappen(plan, dialect) && (wanted === undefined || wanted.includes(plan.name)),
  );
  const skipped: { name: string; because: string }[] = [];
  const plans = chosen.filter((plan) => {
    const { name, notInRealTime: because } = plan;
    if (!isRealTime || because === undefined) return true;
    skipped.push({ name, because });
    return false;
  });
  const total = plans.length + 1;
  order.onProgress(0, total);
  const plain = await play(PLAIN, order);
  const neverWorked = whyUngraded(plain.played, subject);
  order.onProgress(1, total);
  const rest = neverWorked === undefined ? await playAll(plans, order) : [];
  const scenarios = [plain, ...rest].map(({ graded }) => graded);
  const { command } = subject;
  return { dialect, command, isRealTime, neverWorked, scenarios, skipped, totals: totalsOf(scenarios) };
};

const whyUngraded = (plain: PlayedPlan, { isPrinting }: Subject): Diagnosis | undefined => {
  if (!hasEverWorked(plain)) return diagnose(plain, isPrinting);
  // A service may remember everything until it is killed.
  return plain.hasState || !isPrinting ? undefined : STATE_ELSEWHERE;
};

type Played = { readonly graded: GradedScenario; readonly played: PlayedPlan };

const playAll = async (plans: readonly Plan[], order: GradeOrder): Promise<readonly Played[]> => {
  const results: Played[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const plan = plans[index];
      if (plan === undefined || order.signal.aborted) return;
      results[index] = await play(plan, order);
      order.onProgress(++done + 1, plans.length + 1);
    }
  };
  await Promise.all(Array.from({ length: order.jobs }, work));
  return results.filter((result) => result !== undefined);
};

const play = async (plan: Plan, order: GradeOrder): Promise<Played> => {
  const { dialect, isRealTime, signal } = order;
  const startedAt = performance.now();
  const lifetimes = lifetimesOf(dialect, isRealTime);
  const { policy = {}, clockSkewSeconds = 0 } = plan;
  // The answers of some vendors have no lifetime, so the command must know it.
  const lifetime = { KEYFOB_LIFETIME_SECONDS: String(lifetimes.accessSeconds) };
  const subject = { ...order.subject, environment: { ...lifetime, ...order.subject.environment } };
  const world = await order.openWorld({ dialect, policy, lifetimes, isRealTime });
  try {
    const rule = ruleOf(dialect, lifetimes);
    const steps = plan.steps({ dialect, pauseSeconds: pauseSecondsOf(isRealTime) });
    const isImpatient = plan === PLAIN;
    const conditions = { subject, world, rule, lifetimes, isRealTime, clockSkewSeconds, isImpatient, signal };
    const played = await runPlan(steps, conditions);
    const judgement = judgeHistory(played.history);
    const seconds = (performance.now() - startedAt) / 1000;
    const { name, title } = plan;
    const lastLines = played.runs.findLast(({ answer }) => answer.kind !== 'token')?.lastLines ?? [];
    return { played, graded: { name, title, ...judgement, story: played.story, lastLines, seconds } };
  } finally {
    await world.close();
  }
};

const totalsOf = (scenarios: readonly GradedScenario[]): Totals => {
  const count = (outcome: Outcome): number => scenarios.filter((one) => one.outcome === outcome).length;
  const find = (kind: FindingKind): number =>
    scenarios.filter(({ findings }) => findings.some((finding) => finding.kind === kind)).length;
  return {
    scenarios: scenarios.length,
    outcomes: {
      kept: count('kept'),
      lost_avoidably: count('lost_avoidably'),
      lost_unavoidably: count('lost_unavoidably'),
    },
    findings: {
      reused_old_token: find('reused_old_token'),
      hammered: find('hammered'),
      asked_needlessly: find('asked_needlessly'),
      unusable_token: find('unusable_token'),
      never_asked: find('never_asked'),
      hung: find('hung'),
      leaked_secret: find('leaked_secret'),
    },
    failed: scenarios.filter(isFailed).length,
    flawless: scenarios.filter(isFlawless).length,
  };
};

/** The exit code of a scorecard: 3 if the command never worked, 1 if it lost a grant avoidably. */
export const exitCodeOf = (
  { neverWorked, totals }: Pick<Scorecard, 'neverWorked' | 'totals'>,
  isStrict: boolean,
): 0 | 1 | 3 => {
  if (neverWorked !== undefined) return 3;
  return totals.failed > 0 || (isStrict && totals.flawless < totals.scenarios) ? 1 : 0;
};
