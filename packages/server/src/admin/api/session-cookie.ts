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

/**
 * The prefix `__Host-` keeps other hosts and plain HTTP from setting the cookie. It needs `Secure`, which not every browser keeps on
 * plain HTTP, not even on the machine itself.
 */
const nameOf = ({ isSecure }: SessionContext, name: string): string => (isSecure ? `__Host-${name}` : name);

const SESSION = 'keyfob-operator';

/** The first cookie of this name. */
export const readCookie = (
  context: SessionContext,
  { headers }: Pick<AdminRequest, 'headers'>,
  name: string,
): string | undefined => {
  const prefix = `${nameOf(context, name)}=`;
  return (headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length);
};

/** A `Set-Cookie` of this host alone. `Lax` for what must come along from a provider. */
export const writeCookie = (
  context: SessionContext,
  name: string,
  value: string,
  { seconds, sameSite = 'Strict' }: { readonly seconds: number; readonly sameSite?: 'Strict' | 'Lax' },
): string =>
  `${nameOf(context, name)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}${context.isSecure ? '; Secure' : ''}`;

export const writeSessionCookie = (context: SessionContext, secret: string): string =>
  writeCookie(context, SESSION, secret, { seconds: SESSION_SECONDS });

export const endSessionCookie = (context: SessionContext): string =>
  writeCookie(context, SESSION, '', { seconds: 0 });

/** Whether a browser says that a page of this origin, or a person, made it send a request. */
export const isOwnSite = ({ headers }: Pick<AdminRequest, 'headers'>): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === headers.host);
};

/** The session of a request; `undefined` for none, or one that another site made the browser send. Throws `StoreError`. */
export const readSessionCookie = async (
  context: SessionContext,
  request: Pick<AdminRequest, 'headers'>,
): Promise<BrowserSession | undefined> => {
  const secret = readCookie(context, request, SESSION);
  if (secret === undefined || !isOwnSite(request)) return undefined;
  const operator = await readOperatorSession(context, secret);
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
