import { sayMs } from './moments.ts';
import type { ShownFault } from './world-view.ts';

type Action = Readonly<Record<string, unknown>>;

const SIDES: Readonly<Record<string, string>> = {
  beforeCommit: 'before the commit',
  afterCommit: 'after the commit',
};
const LOSSES: Readonly<Record<string, string>> = {
  reset: 'the connection is reset',
  close: 'the connection is closed',
  hang: 'nothing arrives, ever',
  halfBody: 'half of the body arrives',
};

const words = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));

/** How an action reads, by the member that names it. */
const SENTENCES: Readonly<Record<string, (action: Action) => string>> = {
  loseAnswer: ({ loseAnswer, how = 'reset' }) =>
    `The answer is lost ${SIDES[String(loseAnswer)]}: ${LOSSES[String(how)]}`,
  delaySeconds: ({ delaySeconds }) =>
    `The answer is late by ${sayMs(Number(delaySeconds) * 1000)} of the world`,
  delayMilliseconds: ({ delayMilliseconds, of }) =>
    `The ${of === 'request' ? 'request' : 'answer'} is late by ${words(delayMilliseconds)} ms`,
  redirect: ({ redirect, status = 307 }) => `A redirect ${words(status)} to ${words(redirect)}`,
  duplicateRequest: () => 'A proxy sends the request twice',
  tls: () => 'The connection is reset before the request is read',
  truncateBody: ({ truncateBody }) => `The body ends after ${words(truncateBody)} bytes`,
  omit: ({ omit }) => `The answer lacks ${words(omit)}`,
  repeat: ({ repeat }) => `The answer has ${words(repeat)} twice`,
  sameToken: () => 'The refresh token that was sent comes back',
  expiresIn: ({ expiresIn }) => `The lifetime is ${JSON.stringify(expiresIn)}`,
  errorCode: ({ errorCode, status }) =>
    `The error ${words(errorCode)}${status === undefined ? '' : ` (${words(status)})`} is answered`,
  lateAnswer: () => 'The answer leaves after the one to the next request',
  status: ({ status, bodyName, at }) =>
    `${words(status)}${bodyName === undefined ? '' : ` of ${words(bodyName)}`} is answered ${at === 'afterCommit' ? 'after' : 'before'} the commit`,
};

/** What happens to a request, in words. */
export const describeAction = (action: ShownFault['do']): string => {
  const name = Object.keys(SENTENCES).find((one) => Object.hasOwn(action, one));
  return SENTENCES[name ?? '']?.(action) ?? JSON.stringify(action);
};

/** Which requests it happens to, in words. */
export const describeTarget = ({ on, times }: Pick<ShownFault, 'on' | 'times'>): string => {
  const { endpoint, grantType, client, grant, nth, every, probability, forSeconds } = on;
  return [
    endpoint === 'any' ? 'every request' : `requests to ${endpoint}`,
    grantType !== undefined && `of the kind ${grantType}`,
    client !== undefined && `of the client ${client}`,
    grant !== undefined && `about ${grant}`,
    nth !== undefined && `number ${nth} only`,
    every !== undefined && `one in ${every}`,
    probability !== undefined && `with a chance of ${Math.round(probability * 1000) / 10} %`,
    forSeconds !== undefined && `for ${sayMs(forSeconds * 1000)}`,
    nth === undefined && (times === 'always' ? 'always' : times === 1 ? 'once' : `${times} times`),
  ]
    .filter((part) => part !== false)
    .join(', ');
};
