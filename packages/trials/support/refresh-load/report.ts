import { checkHistory } from './history.ts';
import type { GrantLog } from './grant-driver.ts';
import { countUsesBeyondPolicy } from './token-uses.ts';

/** The counts of a trial. All come from the clients' logs, except `more`, which the trial adds. */
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
  /** Access tokens that were in two answers, which breaks no promise. */
  readonly accessTokensGivenAgain: number;
  readonly more: Readonly<Record<string, number>>;
};

/** The result of a trial. Without faults, the server kept its promises. */
export type Report = { readonly figures: Figures; readonly faults: readonly string[] };

const ALLOWED = new Set(['200', '400', '401', '503']);

/** Counts and judges what the clients observed. `faults`: faults that only the trial itself could observe. */
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
      found.push('a 503 had no Retry-After');
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
    found.push(`a history of the client "${client.kind.name}" has no valid order at call ${call}: ${why}`);
  }
  if (tokensUsedBeyondPolicy > 0) found.push(`${tokensUsedBeyondPolicy} uses were outside the policy`);
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

/** Whether the policy allows no retry after a lost answer, and the answer to the last token was lost. */
const isLostToACutAnswer = ({ client, calls, held }: GrantLog): boolean =>
  client.kind.mayLoseGrants === true &&
  calls.some(({ token, outcome }) => token === held.at(-1) && outcome.kind === 'lost');
