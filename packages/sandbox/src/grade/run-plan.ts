import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FirstTokens } from './contract.ts';
import { openElsewhere } from './elsewhere.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { GradeWorld, SeenRequest, StrayRequest } from './grade-world.ts';
import type { Exchange, History, HistoryEvent, RotationRule } from './history.ts';
import type { Act, Plannable, Step } from './plan.ts';
import { runNeed } from './run-need.ts';
import type { Runner } from './program.ts';
import type { NeedResult, Run, Subject } from './run-need.ts';
import { SandboxError } from '../sandbox-error.ts';
import { secondsOf } from './spans.ts';
import type { Lifetimes, SpanName } from './spans.ts';
import { ageState, readState, restoreState, saveState } from './state-folder.ts';

/** What a scenario is run with. */
export type Conditions = {
  readonly subject: Subject;
  readonly world: GradeWorld;
  readonly rule: RotationRule;
  readonly lifetimes: Lifetimes;
  readonly isRealTime: boolean;
  readonly clockSkewSeconds: number;
  /** Ends the scenario when its first call fails, or one hangs: nothing more can be learned. */
  readonly isImpatient: boolean;
  /** Ends the scenario after the step at hand. */
  readonly signal: AbortSignal;
};

/** One line of what happened, for people. `atMs` counts from the beginning. */
export type StoryLine = {
  readonly atMs: number;
  readonly kind: 'call' | 'request' | 'fault' | 'act';
  readonly text: string;
  /** How often it happened in a row. */
  readonly times: number;
};

/** A scenario that was run. */
export type PlayedPlan = {
  readonly history: History;
  readonly runs: readonly Run[];
  readonly story: readonly StoryLine[];
  readonly strays: readonly StrayRequest[];
  /** Whether the command has kept anything in its state folder. */
  readonly hasState: boolean;
};

/** A command that was stopped for taking too long would have gone on: the clock moves on by this. */
const HUNG_SECONDS = 600;

type Play = Conditions & {
  readonly runner: Runner;
  readonly folder: string;
  readonly state: string;
  readonly beganAtMs: number;
  readonly first: FirstTokens;
  readonly events: HistoryEvent[];
  readonly runs: Run[];
  readonly story: StoryLine[];
  elsewhere: Elsewhere | undefined;
  needs: number;
  hasAnswered: boolean;
  /** Until when the newest access token that has reached the command is good. */
  goodUntilMs: number;
  retryAfterSeconds: number | undefined;
  savedAfterNeed: number;
};

/** Runs the steps of a scenario with a command, in a world of its own. The world stays open. */
export const runPlan = async (steps: readonly Step[], conditions: Conditions): Promise<PlayedPlan> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-grade-'));
  const state = join(folder, 'state');
  mkdirSync(state, { mode: 0o700 });
  const first = await conditions.world.createGrant();
  const play: Play = {
    ...conditions,
    runner: conditions.subject.openRunner(),
    folder,
    state,
    first,
    beganAtMs: conditions.world.nowMs(),
    events: [],
    runs: [],
    story: [],
    elsewhere: undefined,
    needs: 0,
    hasAnswered: false,
    goodUntilMs: first.expiresAtMs,
    retryAfterSeconds: undefined,
    savedAfterNeed: 0,
  };
  try {
    for (const step of steps) {
      if (conditions.signal.aborted || (conditions.isImpatient && isHopeless(play.events))) break;
      await take(play, step);
    }
    const { rule, events, runs, story } = play;
    const hasState = readState(state).size > 0;
    return { history: { rule, events }, runs, story, strays: conditions.world.strays(), hasState };
  } finally {
    await play.runner.stop();
    play.elsewhere?.close();
    removeFolder(folder);
  }
};

const isHopeless = (events: readonly HistoryEvent[]): boolean =>
  events.some(
    (event) =>
      event.kind === 'need' &&
      event.answers.some(({ kind }) => kind === 'hung' || (event.need === 0 && kind !== 'token')),
  );

/** Something that the command still does, or has made unreadable, is no reason to fail: the system cleans up later. */
const removeFolder = (folder: string): void => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    return;
  }
};

const take = async (play: Play, step: Step): Promise<void> => {
  switch (step.do) {
    case 'need':
      await answerNeed(play, step);
      return;
    case 'wait':
      await pass(play, step.span);
      return;
    case 'arm':
      await armFault(play, step.fault);
      return;
    case 'disarm':
      play.world.disarm();
      play.retryAfterSeconds = undefined;
      return;
    case 'act':
      await perform(play, step.act);
  }
};

const pass = async (play: Play, span: SpanName): Promise<void> =>
  passSeconds(play, secondsOf(span, play.lifetimes, play.isRealTime));

const passSeconds = async ({ world, isRealTime, state }: Play, seconds: number): Promise<void> => {
  await world.pass(seconds);
  if (!isRealTime) ageState(state, seconds);
};

const armFault = async (play: Play, fault: Plannable): Promise<void> => {
  if ('elsewhere' in fault) {
    play.elsewhere ??= await openElsewhere();
    play.world.arm({ do: { redirect: play.elsewhere.url } });
    record(play, 'fault', 'the next answer is a redirect to another host');
    return;
  }
  play.world.arm(fault);
  const { do: action, times = 1 } = fault;
  const headers = 'status' in action && 'headers' in action ? action.headers : undefined;
  const retryAfter = headers?.['Retry-After'];
  if (retryAfter !== undefined) play.retryAfterSeconds = Number(retryAfter);
  const { body: _body, ...shown } = action as Record<string, unknown>;
  record(
    play,
    'fault',
    `${times === 'always' ? 'every answer' : 'the next answer'}: ${JSON.stringify(shown)}`,
  );
};

const ACTS: Readonly<Record<Act, (play: Play, atMs: number) => Promise<string> | string>> = {
  async revoke({ world, events }, atMs) {
    await world.revoke();
    events.push({ kind: 'ended', atMs, by: 'owner' });
    return 'the owner ends the grant';
  },
  async steal({ world, events }, atMs) {
    await world.steal();
    events.push({ kind: 'ended', atMs, by: 'thief' });
    return 'a thief uses the newest refresh token';
  },
  outlive({ events }, atMs) {
    events.push({ kind: 'ended', atMs, by: 'age' });
    return 'the refresh token has expired';
  },
  async withdraw_one({ world }) {
    await world.withdrawOne();
    return 'the owner takes back one of two vehicles';
  },
  async start_rotating({ world }) {
    await world.startRotating();
    return 'from now on a refresh token works once';
  },
  async roll_secret({ world }) {
    await world.rollSecret();
    return 'the client secret is replaced';
  },
  hand_over_secret({ world }) {
    world.handOverSecret();
    return 'the command gets the new secret';
  },
  async save_server({ world }) {
    await world.save();
    return 'the server is backed up';
  },
  async restore_server({ world }) {
    await world.restore();
    return 'the server is put back';
  },
  async save_state(play) {
    await play.runner.stop();
    saveState(play.state, join(play.folder, 'saved'));
    play.savedAfterNeed = play.needs - 1;
    return 'the state folder is backed up';
  },
  async restore_state(play, atMs) {
    await play.runner.stop();
    restoreState(play.state, join(play.folder, 'saved'));
    play.events.push({ kind: 'rolled_back', atMs, toNeed: play.savedAfterNeed });
    return 'the state folder is put back';
  },
};

const perform = async (play: Play, act: Act): Promise<void> => {
  try {
    record(play, 'act', await ACTS[act](play, play.world.nowMs()));
  } catch (error) {
    // The command may have ended the grant before.
    if (!(error instanceof SandboxError)) throw error;
    record(play, 'act', `cannot be done: ${error.message}`);
  }
};

const answerNeed = async (play: Play, step: Extract<Step, { do: 'need' }>): Promise<void> => {
  const { world, subject, runner, state, events, clockSkewSeconds } = play;
  const { callers = 1, kill } = step;
  const need = play.needs++;
  const hadSeconds = Math.max(0, Math.floor((play.goodUntilMs - world.nowMs()) / 1000));
  const first = play.hasAnswered ? undefined : play.first;
  const what = { subject, runner, world, state, scratch: play.folder };
  const endSilence = watchSilence(play);
  const result = await runNeed({ ...what, first, callers, kill, clockSkewSeconds, signal: play.signal });
  endSilence();
  play.hasAnswered ||= result.hasAnswered;
  play.runs.push(...result.runs);
  for (const request of result.requests) noteRequest(play, request, need, result);
  const atMs = world.nowMs();
  if (play.elsewhere?.takeLeak() === true) events.push({ kind: 'leaked', need, atMs });
  const answers = result.runs.map(({ answer }) => answer);
  const { killedAt, torn } = result;
  events.push({ kind: 'need', need, atMs, answers, killedAt, couldRepeat: !world.isArmed(), hadSeconds });
  for (const run of result.runs) record(play, 'call', describeRun(need, run, killedAt));
  if (torn !== undefined) record(play, 'act', `of ${torn} only a part has been written`);
  if (answers.some(({ kind }) => kind === 'hung')) await passSeconds(play, hungSeconds(play));
};

/**
 * A command may really wait as long as `Retry-After` says, within one call. The clock of the world does not move meanwhile, so the
 * fault ends by the real one.
 */
const watchSilence = ({ world, retryAfterSeconds }: Play): (() => void) => {
  if (retryAfterSeconds === undefined) return () => {};
  let timer: NodeJS.Timeout | undefined;
  const unfollow = world.follow(() => {
    timer ??= setTimeout(world.disarm, retryAfterSeconds * 1000);
  });
  return () => {
    clearTimeout(timer);
    unfollow();
  };
};

/** Where the clock is real the overlap is short, and so is a wait that is longer. */
const hungSeconds = ({ isRealTime, lifetimes }: Play): number =>
  isRealTime ? lifetimes.overlapSeconds + lifetimes.raceSeconds + 1 : HUNG_SECONDS;

const noteRequest = (play: Play, request: SeenRequest, need: number, { startedAt }: NeedResult): void => {
  const waitedMs = Math.max(0, Math.round(request.arrivedAt - startedAt));
  const { atMs, presented, verdict, issued, reached, status, hasRevoked } = request;
  const asksForSilence = (status === 429 || status === 503) && play.retryAfterSeconds !== undefined;
  const silentUntilMs = asksForSilence ? atMs + waitedMs + (play.retryAfterSeconds ?? 0) * 1000 : undefined;
  const seen = { atMs, waitedMs, presented, verdict, issued, reached, status, silentUntilMs, hasRevoked };
  const exchange: Exchange = { kind: 'exchange', need, ...seen };
  play.events.push(exchange);
  if (issued !== undefined && reached === 'all')
    play.goodUntilMs = play.world.nowMs() + play.lifetimes.accessSeconds * 1000;
  record(play, 'request', request.says, atMs);
};

const describeRun = (need: number, { answer, seconds }: Run, killedAt: string | undefined): string => {
  const took = seconds >= 10 ? ` (${Math.round(seconds)} s)` : '';
  return `call ${need + 1}: ${describeAnswer(answer, killedAt)}${took}`;
};

const describeAnswer = (answer: Run['answer'], killedAt: string | undefined): string => {
  switch (answer.kind) {
    case 'token':
      return 'a token that works';
    case 'unusable':
      return FAULT_TEXTS[answer.fault];
    case 'later':
      return 'exit 75, temporarily impossible';
    case 'consent':
      return 'exit 77, the owner must consent';
    case 'failed':
      return answer.how;
    case 'hung':
      return 'did not end, and was stopped';
    case 'killed':
      return `killed (${killedAt ?? 'on purpose'})`;
  }
};

const FAULT_TEXTS = {
  nothing_printed: 'exit 0, and nothing was printed',
  no_token: 'exit 0, and what was printed is no token of this world',
  refresh_token: 'exit 0, and the refresh token was printed',
  expired: 'exit 0, and the token that was printed has expired',
  dead: 'exit 0, and the token that was printed works no more',
} as const;

/** Adds a line, or counts it if it is the last one again: some commands send thousands of requests. */
const record = (
  { story, world, beganAtMs }: Play,
  kind: StoryLine['kind'],
  text: string,
  atMs: number = world.nowMs(),
): void => {
  const last = story.at(-1);
  if (kind === 'request' && last?.kind === kind && last.text === text)
    story[story.length - 1] = { ...last, times: last.times + 1 };
  else story.push({ atMs: atMs - beganAtMs, kind, text, times: 1 });
};
