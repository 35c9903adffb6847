import { AVOIDABLE, FINDING_ADVICE, UNAVOIDABLE } from './advice.ts';
import { followBestClient } from './best-client.ts';
import type { Standing } from './best-client.ts';
import { findAll } from './find-faults.ts';
import { isRefresh } from './history.ts';
import type { Exchange, History, Need } from './history.ts';
import type { AvoidableCause, Judgement } from './judgement.ts';

/** The standing before anything happened. */
const START: Standing = { generation: 0, held: 0, reached: 0, impossible: undefined, blame: undefined };

/** How many seconds an access token must still be good for a refresh to be called needless. */
const GOOD_FOR_LONG_SECONDS = 900;

/**
 * Judges what a command did with a grant: pure. The history must end with a need in which nothing stands between the command and
 * the server. Who gets a usable token there has kept the grant; who does not has lost it, unavoidably only if no client at all
 * could have kept it.
 */
export const judgeHistory = (history: History): Judgement => {
  const standings = followBestClient(history);
  const last = standings.at(-1) ?? START;
  const findings = findAll(history, standings).map((finding) => ({
    ...finding,
    advice: FINDING_ADVICE[finding.kind],
  }));
  const rest = { findings, needlessRefreshes: countNeedless(history) };
  if (isServed(lastNeed(history)))
    return { outcome: 'kept', because: 'it kept the grant', advice: undefined, ...rest };
  if (last.impossible !== undefined) {
    const because = UNAVOIDABLE[last.impossible.because];
    return { outcome: 'lost_unavoidably', because, advice: undefined, ...rest };
  }
  return { outcome: 'lost_avoidably', ...AVOIDABLE[causeOf(history, last)], ...rest };
};

const lastNeed = ({ events }: History): Need | undefined => events.findLast((event) => event.kind === 'need');

const isServed = (need: Need | undefined): boolean =>
  need?.answers.some(({ kind }) => kind === 'token') === true;

/** The first cause that explains the loss, from the most telling to the least. */
const causeOf = (history: History, { blame, generation, reached }: Standing): AvoidableCause => {
  const { events } = history;
  const needs = events.filter((event) => event.kind === 'need');
  const exchanges = events.filter((event) => event.kind === 'exchange');
  const killedAt = needs.find((need) => need.killedAt !== undefined)?.killedAt;
  const last = needs.at(-1)?.answers[0]?.kind;
  if (last === 'hung') return killedAt === undefined ? 'hangs' : 'stuck_after_kill';
  if (killedAt === 'storing') return 'state_torn';
  if (hasForgotten(exchanges, needs.at(-1)?.need)) return 'keeps_failing';
  const isOld = blame !== undefined || hasPresentedOld(history);
  if ((killedAt === 'print' || killedAt === 'exit') && isOld) return 'stored_too_late';
  const wasLost = exchanges.some(({ issued, reached: how }) => issued !== undefined && how !== 'all');
  if (reached < generation ? isOld || last !== 'consent' : wasLost && isOld)
    return needs.some(({ answers }) => answers.some(({ kind }) => kind === 'hung'))
      ? 'hangs'
      : 'not_repeated';
  if (isOld) return needs.some(({ answers }) => answers.length > 1) ? 'replayed' : 'not_stored';
  if (last === 'consent') return 'asked_needlessly';
  if (last === 'unusable') return 'prints_unusable';
  if (killedAt !== undefined) return 'stuck_after_kill';
  if (last === 'failed') return 'fails';
  const final = needs.at(-1)?.need;
  const lastOnes = exchanges.filter(({ need }) => need === final);
  if (lastOnes.length === 0) return 'gave_up';
  return lastOnes.every(isGranted) ? 'rejects_answers' : 'keeps_failing';
};

/** Whether it ends with requests in which there is no refresh token of the grant at all. */
const hasForgotten = (exchanges: readonly Exchange[], final: number | undefined): boolean => {
  const lastOnes = exchanges.filter(({ need }) => need === final);
  return lastOnes.length > 0 && lastOnes.every(({ presented }) => presented === undefined);
};

/** Whether the server gave tokens, and the answer left with the status of a success. */
const isGranted = ({ verdict, status }: Exchange): boolean =>
  status === 200 && (verdict === 'rotate' || verdict === 'repeat' || verdict === 'resync');

/** Whether it sent a token whose successor the server had issued, and was refused. */
const hasPresentedOld = ({ events }: History): boolean => {
  let newest = 0;
  for (const event of events) {
    if (event.kind !== 'exchange') continue;
    const { presented, verdict } = event;
    if (presented !== undefined && presented < newest && (verdict === 'refuse' || verdict === 'replay'))
      return true;
    newest = Math.max(newest, event.issued ?? 0);
  }
  return false;
};

const countNeedless = ({ events }: History): number => {
  const hadLong = new Set<number>();
  for (const event of events)
    if (event.kind === 'need' && event.hadSeconds >= GOOD_FOR_LONG_SECONDS) hadLong.add(event.need);
  return events.filter((event) => isRefresh(event) && hadLong.has(event.need)).length;
};
