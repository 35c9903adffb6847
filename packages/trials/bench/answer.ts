import type { Wire } from './wire.ts';

/** A correct answer, a description of a wrong answer without secrets, or `undefined` while the answer is incomplete. */
export type Answer = { readonly refreshToken: string } | { readonly wrong: string } | undefined;

/** Reads the bytes received so far as the answer to a refresh with this token. */
export type AnswerReader = (received: string, sentToken: string) => Answer;

const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Checks that an answer is a complete 200 with two well-formed tokens and a new refresh token. */
export const createAnswerReader = (wire: Wire): AnswerReader => {
  const accessTokenPattern = new RegExp(`^${wire.accessTokenPattern}$`);
  const refreshTokenPattern = new RegExp(`^${wire.refreshTokenPattern}$`);

  const judge = (body: string, sentToken: string): { readonly refreshToken: string } | string => {
    const parsed = parse(body);
    const accessToken = memberAt(parsed, wire.accessTokenAt);
    const refreshToken = memberAt(parsed, wire.refreshTokenAt);
    if (typeof accessToken !== 'string') return 'no access token';
    if (typeof refreshToken !== 'string') return 'no refresh token';
    if (!accessTokenPattern.test(accessToken)) return 'a malformed access token';
    if (!refreshTokenPattern.test(refreshToken)) return 'a malformed refresh token';
    if (refreshToken === sentToken) return 'the same refresh token again';
    return { refreshToken };
  };

  return (received, sentToken) => {
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const length = CONTENT_LENGTH.exec(received)?.[1];
    if (length === undefined) return { wrong: describe('no Content-Length', received) };
    const end = headEnd + 4 + Number(length);
    if (received.length < end) return undefined;
    if (received.length > end) return { wrong: describe('more than one answer', received) };
    if (!received.startsWith('HTTP/1.1 200 '))
      return { wrong: describe('a status other than 200', received) };
    const verdict = judge(received.slice(headEnd + 4), sentToken);
    return typeof verdict === 'string' ? { wrong: describe(verdict, received) } : verdict;
  };
};

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
};

const memberAt = (value: unknown, path: readonly string[]): unknown => {
  let member = value;
  for (const name of path) {
    if (typeof member !== 'object' || member === null) return undefined;
    member = (member as Readonly<Record<string, unknown>>)[name];
  }
  return member;
};

const TOKEN_MEMBER = /("[^"]*(?:token|secret)[^"]*"\s*:\s*")[^"]*/gi;
const TOKEN_LIKE = /[\w~.+/=-]{24,}/g;

/** The fault, with the answer's status line and body, in which possible secrets are replaced. */
const describe = (fault: string, received: string): string => {
  const statusLine = received.slice(0, received.indexOf('\r\n'));
  const body = received.slice(received.indexOf('\r\n\r\n') + 4);
  const safeBody = body.replace(TOKEN_MEMBER, '$1[secret]').replace(TOKEN_LIKE, '[secret]');
  return `${fault}: ${statusLine} ${safeBody}`;
};
