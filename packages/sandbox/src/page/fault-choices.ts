import { GATEWAY_BODIES } from '../faults/gateway-bodies.ts';

/** A kind of fault that the form offers. */
export type FaultChoice = {
  /** As the form sends it. */
  readonly name: string;
  readonly group: string;
  readonly label: string;
  /** What the field "Value" means for it, and what an empty one stands for. */
  readonly value?: { readonly label: string; readonly usual: string };
  /** The action, as the control API takes it. */
  readonly action: (value: string) => unknown;
};

const LOST = 'The answer is lost';
const LATE = 'The answer is late';
const GATEWAY = 'A gateway answers instead';
const ODD = 'The answer is odd';
const CONNECTION = 'The connection';

const lost = (name: string, label: string, side: string, how: string): FaultChoice => ({
  name,
  group: LOST,
  label,
  action: () => ({ loseAnswer: side, how }),
});

/** Pages whose name does not end with their status. */
const STATUSES: Readonly<Record<string, number>> = {
  'akamai-reference': 403,
  'login-page': 200,
  'maintenance-page': 503,
};

const GATEWAYS: readonly FaultChoice[] = Object.keys(GATEWAY_BODIES).map((bodyName) => {
  const status = STATUSES[bodyName] ?? Number(bodyName.slice(-3));
  return {
    name: bodyName,
    group: GATEWAY,
    label: `${bodyName}: ${status}`,
    action: () => ({ status, bodyName }),
  };
});

/** What is typed for a number, sent as one. What is no number is refused by the control API, which names the field. */
const toNumber = (text: string): number | string => (Number.isNaN(Number(text)) ? text : Number(text));
const toWords = (text: string): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** The most wanted first. Everything else is written as JSON. */
export const FAULT_CHOICES: readonly FaultChoice[] = [
  lost('lost-after', 'After the commit: connection reset', 'afterCommit', 'reset'),
  lost('lost-half', 'After the commit: half of the body arrives', 'afterCommit', 'halfBody'),
  lost('lost-close', 'After the commit: connection closed', 'afterCommit', 'close'),
  lost('lost-hang', 'After the commit: nothing arrives, ever', 'afterCommit', 'hang'),
  lost('lost-before', 'Before the commit: connection reset', 'beforeCommit', 'reset'),
  lost('lost-before-hang', 'Before the commit: nothing arrives, ever', 'beforeCommit', 'hang'),
  {
    name: 'late-world',
    group: LATE,
    label: 'By seconds of the world',
    value: { label: 'seconds', usual: '61' },
    action: (value) => ({ delaySeconds: toNumber(value) }),
  },
  {
    name: 'late-answer',
    group: LATE,
    label: 'After the answer to the next request',
    action: () => ({ lateAnswer: true }),
  },
  {
    name: 'late-real',
    group: LATE,
    label: 'By real milliseconds',
    value: { label: 'milliseconds', usual: '2000' },
    action: (value) => ({ delayMilliseconds: toNumber(value) }),
  },
  ...GATEWAYS,
  {
    name: 'status',
    group: GATEWAY,
    label: 'Another status, without a body',
    value: { label: 'status', usual: '429' },
    action: (value) => ({ status: toNumber(value) }),
  },
  {
    name: 'error',
    group: ODD,
    label: 'An error of the dialect',
    value: { label: 'error code', usual: 'server_error' },
    action: (value) => ({ errorCode: value }),
  },
  {
    name: 'omit',
    group: ODD,
    label: 'Without some members',
    value: { label: 'members', usual: 'refresh_token refreshToken' },
    action: (value) => ({ omit: toWords(value) }),
  },
  {
    name: 'repeat',
    group: ODD,
    label: 'With some members twice',
    value: { label: 'members', usual: 'refresh_token refreshToken' },
    action: (value) => ({ repeat: toWords(value) }),
  },
  {
    name: 'same-token',
    group: ODD,
    label: 'With the refresh token that was sent',
    action: () => ({ sameToken: true }),
  },
  {
    name: 'truncate',
    group: ODD,
    label: 'Cut off, as a complete answer',
    value: { label: 'bytes', usual: '40' },
    action: (value) => ({ truncateBody: toNumber(value) }),
  },
  {
    name: 'expires-in',
    group: ODD,
    label: 'With another lifetime',
    value: { label: 'lifetime', usual: '-1' },
    action: (value) => ({ expiresIn: toNumber(value) }),
  },
  {
    name: 'redirect',
    group: ODD,
    label: 'A redirect',
    value: { label: 'URL', usual: 'http://127.0.0.1:9/' },
    action: (value) => ({ redirect: value }),
  },
  {
    name: 'duplicate',
    group: CONNECTION,
    label: 'A proxy sends the request twice',
    action: () => ({ duplicateRequest: true }),
  },
  {
    name: 'tls-reset',
    group: CONNECTION,
    label: 'Reset before the request is read',
    action: () => ({ tls: 'reset' }),
  },
];
