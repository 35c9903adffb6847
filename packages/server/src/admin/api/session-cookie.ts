import { hash, timingSafeEqual } from 'node:crypto';
import type { OperationContext } from '../../operations/context.ts';
import { readOperatorSession, SESSION_SECONDS } from '../../operations/operator-sessions.ts';
import type { Operator } from '../../operators/operator.ts';
import type { AdminRequest } from '../exchange.ts';

/** What sessions in a browser depend on. */
export type SessionContext = Pick<OperationContext, 'store' | 'clock' | 'doubt' | 'randomness'> & {
  /** Whether browsers come by https (`adminPublicUrl`). */
  readonly isSecure: boolean;
};

/** Somebody who is signed in, and the secret of the session. */
export type BrowserSession = { readonly operator: Operator; readonly secret: string };

type WithHost = Pick<AdminRequest, 'headers'>;

/** The port that the browser sees; empty for the usual one. */
const portOf = ({ headers }: WithHost): string =>
  /:(?<port>\d{1,5})$/.exec(headers.host ?? '')?.groups?.['port'] ?? '';

/**
 * Browsers send a cookie to every port of its host, so the name has the port: consoles of one host do not end each other's
 * sessions. The prefix `__Host-` keeps other hosts and plain HTTP from setting the cookie. It needs `Secure`, which not every browser keeps on
 * plain HTTP, not even on the machine itself.
 */
const nameOf = ({ isSecure }: SessionContext, request: WithHost, name: string): string => {
  const port = portOf(request);
  return `${isSecure ? '__Host-' : ''}${name}${port === '' ? '' : `-${port}`}`;
};

const SESSION = 'keyfob-operator';

/** The first cookie of this name. */
export const readCookie = (context: SessionContext, request: WithHost, name: string): string | undefined => {
  const prefix = `${nameOf(context, request, name)}=`;
  return (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length);
};

/** A `Set-Cookie` of this host alone. `Lax` for what must come along from a provider. */
export const writeCookie = (
  context: SessionContext,
  request: WithHost,
  name: string,
  value: string,
  { seconds, sameSite = 'Strict' }: { readonly seconds: number; readonly sameSite?: 'Strict' | 'Lax' },
): string =>
  `${nameOf(context, request, name)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}${context.isSecure ? '; Secure' : ''}`;

export const writeSessionCookie = (context: SessionContext, request: WithHost, secret: string): string =>
  writeCookie(context, request, SESSION, secret, { seconds: SESSION_SECONDS });

export const endSessionCookie = (context: SessionContext, request: WithHost): string =>
  writeCookie(context, request, SESSION, '', { seconds: 0 });

/**
 * Whether a browser says that a page of this origin, or a person, made it send a request. Where browsers come by https, a page of
 * plain HTTP on the same host is another origin: somebody on the network can make it up.
 */
export const isOwnSite = (
  { isSecure }: Pick<SessionContext, 'isSecure'>,
  { headers }: Pick<AdminRequest, 'headers'>,
): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { host, protocol, origin: written } = new URL(origin);
  return written === origin && host === headers.host && (!isSecure || protocol === 'https:');
};

/**
 * The session of a request; `undefined` for none, or one that another site made the browser send. `isUse`: as in
 * `readOperatorSession`. Throws `StoreError`.
 */
export const readSessionCookie = async (
  context: SessionContext,
  request: Pick<AdminRequest, 'headers'>,
  options: { readonly isUse?: boolean } = {},
): Promise<BrowserSession | undefined> => {
  const secret = readCookie(context, request, SESSION);
  if (secret === undefined || !isOwnSite(context, request)) return undefined;
  const operator = await readOperatorSession(context, secret, options);
  return operator === undefined ? undefined : { operator, secret };
};

/** What a form of a page of this session carries. It reveals nothing of the secret. */
export const formTokenOf = ({ secret }: Pick<BrowserSession, 'secret'>): string =>
  hash('sha256', `form ${secret}`, 'base64url');

/** Compares in constant time. */
export const isFormTokenOf = (session: Pick<BrowserSession, 'secret'>, text: string): boolean => {
  const [expected, presented] = [Buffer.from(formTokenOf(session)), Buffer.from(text)];
  return expected.length === presented.length && timingSafeEqual(expected, presented);
};
