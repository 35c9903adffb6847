import type { WorldRequest } from '../world-state.ts';

/** More would hide the message. */
const SHOWN_MAX = 12;

/** The last of these requests, one per line, to stand below a message. */
export const describeRequests = (requests: readonly WorldRequest[]): string => {
  if (requests.length === 0) return '\n\nNo request came.';
  const shown = requests.slice(-SHOWN_MAX);
  const left = requests.length - shown.length;
  const more = left === 0 ? [] : [`  (${left} earlier)`];
  return ['\n\nRequests:', ...more, ...shown.map((request) => `  ${describeRequest(request)}`)].join('\n');
};

/** One request: when, what was presented, what was decided, and what the client got. */
export const describeRequest = (request: WorldRequest): string => {
  const { number, at, grantType, endpoint, token, verdict, committed } = request;
  const what = grantType === 'refresh_token' ? 'refresh' : (grantType ?? endpoint);
  const time = at.replace('.000Z', 'Z');
  const stored = committed ? ', committed' : '';
  return `#${number} ${time} ${what} ${token ?? 'without a token'}: ${verdict}${stored}; ${describeOutcome(request)}`;
};

const describeOutcome = ({ answer, delivered }: WorldRequest): string => {
  if (delivered === 'none' || answer === null) return 'the answer was lost';
  if (delivered === 'client_gone') return 'the client had gone';
  const next = answer.refreshToken === null ? '' : ` with ${answer.refreshToken}`;
  const error = answer.error === null ? '' : ` ${answer.error}`;
  const part = delivered === 'part' ? ', of which a part arrived' : '';
  return `${answer.madeUp ? 'a fault answered' : 'answered'} ${answer.status}${error}${next}${part}`;
};
