import type { Answer } from './contract.ts';
import type { Exchange, HistoryEvent, Need } from './history.ts';
import { isRefresh } from './history.ts';
import type { PlayedPlan } from './run-plan.ts';

/** Why a command cannot be graded: what was seen, and what to do. */
export type Diagnosis = { readonly says: string; readonly remedy: string };

/**
 * Whether the command ever refreshed: an exchange of its own, and a usable token in the same call. One that did not is not
 * graded, because every scenario would fail for the same reason.
 */
export const hasEverWorked = ({ history: { events, rule } }: PlayedPlan): boolean => {
  const served = new Set<number>();
  for (const event of events)
    if (event.kind === 'need' && event.answers.some(({ kind }) => kind === 'token')) served.add(event.need);
  // Where nothing is exchanged, every refresh is a repeat.
  const isKept = (event: HistoryEvent): event is Exchange =>
    rule.rotation === 'none' && event.kind === 'exchange' && event.verdict === 'repeat';
  return events.some(
    (event) => (isRefresh(event) || isKept(event)) && event.reached === 'all' && served.has(event.need),
  );
};

/** What a command that keeps its state elsewhere is to change: the scenarios would then use the tokens of one another. */
export const STATE_ELSEWHERE: Diagnosis = {
  says: 'It works once, but the folder KEYFOB_STATE is empty: it keeps its tokens somewhere else, or not at all.',
  remedy:
    'Let it keep all that it remembers in that folder. Each scenario has a folder of its own, which is also put back and looked at.',
};

/**
 * Finds out why a command does not work at all, from the scenario without any fault. `isPrinting`: it is a command, and not a
 * service.
 */
export const diagnose = (played: PlayedPlan, isPrinting: boolean): Diagnosis => {
  const { events } = played.history;
  const needs = events.filter((event) => event.kind === 'need');
  const exchanges = events.filter((event) => event.kind === 'exchange');
  const bad = needs.find(({ answers }) => answers.some(({ kind }) => kind !== 'token'));
  const answer = bad?.answers[0] ?? { kind: 'later' };
  if (answer.kind === 'failed' && isNotStarted(answer.how))
    return {
      says: `The command was not started: ${answer.how}.`,
      remedy: 'Give the program and its arguments after --, as in: keyfob-sandbox grade -- node refresh.js',
    };
  if (bad?.need === 0) return firstCall(answer, isPrinting);
  if (exchanges.length === 0) return noRequest(played, answer);
  return refused(exchanges, needs, answer);
};

const isNotStarted = (how: string): boolean => how.startsWith('"');

const FIRST_USE =
  'On its first use it finds its tokens in KEYFOB_ACCESS_TOKEN, KEYFOB_REFRESH_TOKEN and KEYFOB_EXPIRES_AT (milliseconds), and keeps what it needs in the folder KEYFOB_STATE.';

const firstCall = (answer: Answer, isPrinting: boolean): Diagnosis => ({
  says: `The first call did not give a token that works, though the one in KEYFOB_ACCESS_TOKEN is fresh: ${describe(answer)}.`,
  remedy: isPrinting
    ? `It prints an access token and exits with 0; 75 means temporarily impossible, 77 that the owner must consent. ${FIRST_USE}`
    : `It answers GET with 200 and an access token; 503 means temporarily impossible, 410 that the owner must consent. ${FIRST_USE}`,
});

const noRequest = ({ strays }: PlayedPlan, answer: Answer): Diagnosis => {
  const [stray] = strays;
  if (stray !== undefined)
    return {
      says: `Its requests came to ${stray.method} ${stray.path}, which is not the token endpoint of this world.`,
      remedy:
        'The token endpoint is in KEYFOB_TOKEN_URL. For an SDK of another language choose its variables with --environment, as in --environment smartcar-python.',
    };
  if (answer.kind === 'unusable' && answer.fault === 'expired')
    return {
      says: 'After the access token had expired it printed the same one again, and sent no request.',
      remedy:
        'It must take the time from KEYFOB_NOW; that and KEYFOB_EXPIRES_AT are milliseconds. If it can only use the real clock, add --real-time: tokens then live for seconds.',
    };
  return {
    says: `When the access token had expired, no request came to the sandbox: ${describe(answer)}.`,
    remedy: `The token endpoint is in KEYFOB_TOKEN_URL, the credentials are in KEYFOB_CLIENT_ID and KEYFOB_CLIENT_SECRET. ${FIRST_USE}`,
  };
};

const refused = (exchanges: readonly Exchange[], needs: readonly Need[], answer: Answer): Diagnosis => {
  const [first] = exchanges;
  const says = `Without any fault it did not get along with the server: ${describe(answer)}.`;
  if (first?.status === 401)
    return {
      says,
      remedy:
        'The server refused the client: the id and the secret are in KEYFOB_CLIENT_ID and KEYFOB_CLIENT_SECRET.',
    };
  if (first !== undefined && first.presented === undefined)
    return {
      says,
      remedy:
        'The request had no refresh token of this world in it: look at the journal below for what the server says.',
    };
  if (first?.verdict === 'unjudged')
    return { says, remedy: 'The server refused the request itself: the journal below has its reason.' };
  const isLate = needs.some(({ answers }) => answers.some(({ kind }) => kind === 'hung'));
  return {
    says,
    remedy: isLate
      ? 'It must end by itself: close what keeps it running, or raise --limit.'
      : 'The server answered with new tokens. It must store them, print the access token and exit with 0.',
  };
};

const describe = (answer: Answer): string => {
  switch (answer.kind) {
    case 'token':
      return 'it printed a token';
    case 'unusable':
      return UNUSABLE[answer.fault];
    case 'later':
      return 'it exited with 75';
    case 'consent':
      return 'it exited with 77';
    case 'failed':
      return `it ${answer.how}`;
    case 'hung':
      return 'it did not end in the time that it had, which --limit sets';
    case 'killed':
      return 'it was killed';
  }
};

const UNUSABLE = {
  nothing_printed: 'it exited with 0 and printed nothing',
  no_token: 'it exited with 0, and nothing that it printed is an access token of this world',
  refresh_token: 'it printed the refresh token, which is a secret, and not the access token',
  expired: 'it exited with 0 and printed an access token that has expired',
  dead: 'it exited with 0 and printed an access token that works no more',
} as const;
