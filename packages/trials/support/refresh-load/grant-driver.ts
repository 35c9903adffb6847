import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call, Outcome } from './call.ts';
import type { Chance } from '../chance.ts';
import type { TrialClient } from './consent.ts';
import { sendRefresh } from './refresh-wire.ts';
import type { Route, Unsent } from './refresh-wire.ts';

/** Everything that the client of a grant knows about it. */
export type GrantLog = {
  readonly client: TrialClient;
  readonly firstToken: string;
  readonly calls: Call[];
  /** Every refresh token that the client got, oldest first. */
  readonly held: string[];
  /** How many calls got 200. */
  answers: number;
  /** Whether its newest token was refused. */
  isLost: boolean;
};

/** The refresh token that an honest client uses next. */
const newestOf = ({ held, firstToken }: GrantLog): string => held.at(-1) ?? firstToken;

/** Signals between a load and its drivers. */
export type Signals = {
  /** If true, each driver stops after its next answered call. */
  isEnding: boolean;
  /** If true, the trial is over, and each driver stops whatever the answer. */
  isClosed: boolean;
  /** Called synchronously for each request sent and each answer read. */
  report(moment: 'sent' | 'answered'): void;
};

/** The pause while the server or its store is unavailable. Shorter than `Retry-After`, to keep trials short. */
const RETRY_MS = 80;
const CARELESS_PROBABILITY = 1 / 6;

/**
 * Runs an honest client: refreshes with its newest token until it must stop, and repeats each use with the same token and
 * the same `Idempotency-Key` until it gets an answer. Stops early if the grant is lost.
 */
export const driveGrant = async (
  log: GrantLog,
  chooseRoute: () => Route,
  chance: Chance,
  signals: Signals,
): Promise<void> => {
  const { kind } = log.client;
  let idempotencyKey: string | undefined;
  while (!signals.isClosed) {
    const newest = newestOf(log);
    if (kind.sendsIdempotencyKey === true) idempotencyKey ??= randomUUID();
    const calls = [present(log, newest, idempotencyKey, chooseRoute(), signals)];
    if (kind.isCareless === true && chance.isTrue(CARELESS_PROBABILITY)) {
      const other = chooseOther(log.held, chance);
      const careless = present(log, other, undefined, chooseRoute(), signals);
      if (other === newest) calls.push(careless);
      else await careless;
    }
    const outcomes = await Promise.all(calls);
    const answered = outcomes.find((outcome) => outcome.kind === 'answered');
    if (answered !== undefined) {
      if (answered.refreshToken !== newest) log.held.push(answered.refreshToken);
      idempotencyKey = undefined;
      if (signals.isEnding) return;
      if (kind.pauseMs !== undefined) await sleep(kind.pauseMs);
    } else if (outcomes.every(({ kind: how }) => how === 'refused')) {
      log.isLost = true;
      return;
    } else if (!outcomes.some(({ kind: how }) => how === 'lost')) {
      await sleep(RETRY_MS);
    }
  }
};

/** Presents a token and records the outcome. */
export const present = async (
  log: GrantLog,
  token: string,
  idempotencyKey: string | undefined,
  route: Route,
  signals: Signals,
): Promise<Outcome | Unsent> => {
  const startMs = performance.now();
  const sending = sendRefresh(log.client, token, idempotencyKey, route);
  signals.report('sent');
  const outcome = await sending;
  if (outcome.kind === 'unsent') return outcome;
  log.calls.push({ startMs, endMs: performance.now(), token, idempotencyKey, outcome });
  if (outcome.kind === 'answered') log.answers++;
  if (outcome.kind !== 'lost') signals.report('answered');
  return outcome;
};

/** The newest token, its predecessor, or a random one. */
const chooseOther = (held: readonly string[], chance: Chance): string => {
  const newest = held.length - 1;
  const index = chance.pick([newest, newest - 1, chance.integer(0, newest)]);
  return held[Math.max(0, index)] ?? '';
};
