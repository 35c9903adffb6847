import { checkHistory } from './history.ts';
import type { GrantLog } from './grant-driver.ts';
import { countUsesBeyondPolicy } from './token-uses.ts';

/** What a trial counted, all of it from the clients' logs but for what it adds in `more`. */
export type Figures = {
  readonly grants: number;
  readonly calls: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly answersLost: number;
  readonly grantsLostToACutAnswer: number;
  readonly grantsLostBeyondPolicy: number;
  readonly tokensUsedBeyondPolicy: number;
  readonly otherAnswers: number;
  readonly historiesNotLinearizable: number;
  /** Access tokens that came with two answers. No promise is broken by them. */
  readonly accessTokensGivenAgain: number;
  readonly more: Readonly<Record<string, number>>;
};

/** What came of a trial. No faults: the server kept its promises. */
export type Report = { readonly figures: Figures; readonly faults: readonly string[] };

const ALLOWED = new Set(['200', '400', '401', '503']);

/** Counts what the clients saw and judges it. `faults` are those that only the trial itself could see. */
export const reportOn = (
  logs: readonly GrantLog[],
  more: Readonly<Record<string, number>>,
  faults: readonly string[] = [],
): Report => {
  const calls = logs.flatMap((log) => log.calls);
  const statuses: Record<string, number> = {};
  const found = [...faults];
  let otherAnswers = 0;
  for (const { outcome } of calls) {
    const status = statusOf(outcome);
    if (status === undefined) continue;
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (outcome.kind === 'other') found.push(`an answer was ${status} ${outcome.code}`);
    if (!ALLOWED.has(String(status))) otherAnswers++;
    if (outcome.kind === 'unavailable' && outcome.retryAfter === undefined)
      found.push('a 503 came without Retry-After');
  }
  const accessTokens = calls.flatMap(({ outcome }) =>
    outcome.kind === 'answered' ? [outcome.accessToken] : [],
  );
  const lost = logs.filter(({ isLost }) => isLost);
  const lostBeyond = lost.filter((log) => !isLostToACutAnswer(log));
  for (const { client } of lostBeyond) found.push(`a grant of the client "${client.kind.name}" was lost`);
  let tokensUsedBeyondPolicy = 0;
  let historiesNotLinearizable = 0;
  for (const { client, firstToken, calls: history } of logs) {
    tokensUsedBeyondPolicy += countUsesBeyondPolicy(history, client.policy);
    const verdict = checkHistory(firstToken, history, client.policy);
    if (verdict.isLinearizable) continue;
    historiesNotLinearizable++;
    const { call, why } = verdict;
    found.push(`a history of the client "${client.kind.name}" has no order, call ${call} of it: ${why}`);
  }
  if (tokensUsedBeyondPolicy > 0) found.push(`${tokensUsedBeyondPolicy} uses were beyond policy`);
  return {
    figures: {
      grants: logs.length,
      calls: calls.length,
      statuses,
      answersLost: calls.filter(({ outcome }) => outcome.kind === 'lost').length,
      grantsLostToACutAnswer: lost.length - lostBeyond.length,
      grantsLostBeyondPolicy: lostBeyond.length,
      tokensUsedBeyondPolicy,
      otherAnswers,
      historiesNotLinearizable,
      accessTokensGivenAgain: accessTokens.length - new Set(accessTokens).size,
      more,
    },
    faults: found,
  };
};

const statusOf = (outcome: GrantLog['calls'][number]['outcome']): number | undefined => {
  switch (outcome.kind) {
    case 'answered':
      return 200;
    case 'refused':
      return 400;
    case 'unavailable':
      return 503;
    case 'other':
      return outcome.status;
    case 'lost':
      return undefined;
  }
};

/** Under a policy that has no answer for it, and an answer to the very token it ended with was cut. */
const isLostToACutAnswer = ({ client, calls, held }: GrantLog): boolean =>
  client.kind.mayLoseGrants === true &&
  calls.some(({ token, outcome }) => token === held.at(-1) && outcome.kind === 'lost');
