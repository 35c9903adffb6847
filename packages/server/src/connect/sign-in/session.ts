import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import type { Millis } from '../../clock.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { isSimulatedSubject } from './demo-owners.ts';
import type { Owner } from './owner.ts';
import { keyNumberOf, openClaims, sealClaims } from '../sealed-claims.ts';

/** The session of a browser. Only the browser stores it, so that every node can continue it. */
export type Session = {
  /** Random, and new at every sign-in. Forms and sign-ins are bound to it. */
  readonly id: string;
  /** The number of the key that sealed it. */
  readonly keyNumber: number;
  readonly owner: Owner | undefined;
};

/** Also the time for which a form stays valid. */
const SESSION_LIFETIME_SECONDS = 1800;
/**
 * How long a browser keeps the cookie. Longer than the session, so that a request with an expired session differs from
 * one of a browser that sends no cookies.
 */
const COOKIE_LIFETIME_SECONDS = 86_400;

const schema = v.object({
  id: v.string(),
  subject: v.optional(v.string()),
  name: v.optional(v.string(), ''),
});

const isSecure = ({ publicUrl }: ConnectContext): boolean => publicUrl.startsWith('https:');

/**
 * The prefix `__Host-` keeps other hosts and plain HTTP from setting the cookie (RFC 6265bis §4.1.3). It needs `Path=/`, so
 * issuers below paths of one host are kept apart by the name.
 */
const cookieName = (context: ConnectContext): string => {
  const path = new URL(context.publicUrl).pathname.slice(1);
  const name = path === '' ? 'keyfob-session' : `keyfob-session-${path.replaceAll('/', '+')}`;
  return isSecure(context) ? `__Host-${name}` : name;
};

/** Reads the session of a browser; `undefined` if it has none or an expired one. Throws `StoreError`. */
export const readSession = async (
  context: ConnectContext,
  { request, exchange }: Pick<Visit, 'request' | 'exchange'>,
): Promise<Session | undefined> => {
  const text = readCookie(request.headers['cookie'], cookieName(context));
  if (text === undefined) return undefined;
  const number = keyNumberOf(text);
  // After a key rotation, another node can have read the new key ring before this one.
  if (number !== undefined && number > context.keyRing.newest.number)
    context.noticeKey((await context.store.readClient('')).newestKeyNumber);
  const opened = await openClaims(context.keyRing, 'session', text, exchange.nowMs);
  const parsed = v.safeParse(schema, opened?.claims);
  if (opened === undefined || !parsed.success) return undefined;
  const { id, subject, name } = parsed.output;
  const owner =
    subject === undefined ? undefined : { subject, name, isSimulated: isSimulatedSubject(subject) };
  return { id, keyNumber: opened.keyNumber, owner };
};

/** Whether the browser sent a session, of whatever age. */
export const hasSessionCookie = (context: ConnectContext, { request }: Pick<Visit, 'request'>): boolean =>
  readCookie(request.headers['cookie'], cookieName(context)) !== undefined;

/** Starts a new session. `cookie` is the value of `Set-Cookie`. */
export const startSession = async (
  context: ConnectContext,
  owner: Owner | undefined,
  nowMs: Millis,
): Promise<{ readonly session: Session; readonly cookie: string }> => {
  const id = context.randomness.bytes(16).toString('base64url');
  const { keyRing } = context;
  const keyNumber = keyRing.newest.number;
  const claims = owner === undefined ? {} : { subject: owner.subject, name: owner.name };
  const options = { nowMs, lifetimeSeconds: SESSION_LIFETIME_SECONDS };
  const text = await sealClaims(keyRing, 'session', { id, ...claims }, options);
  const secure = isSecure(context) ? '; Secure' : '';
  return {
    session: { id, keyNumber, owner },
    cookie: `${cookieName(context)}=${text}; Path=/; Max-Age=${COOKIE_LIFETIME_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  };
};

/** Derives a secret of a session for one purpose: 43 characters of base64url, always the same. */
export const deriveSecret = ({ keyRing }: ConnectContext, session: Session, purpose: string): string => {
  const key = keyRing.find(session.keyNumber) ?? keyRing.newest;
  return createHmac('sha256', key.formKey).update(`${purpose} ${session.id}`).digest('base64url');
};

/** Whether the token of a form belongs to this session. Compares in constant time. */
export const isFormToken = (
  context: ConnectContext,
  session: Session,
  token: string | undefined,
): boolean => {
  const expected = Buffer.from(deriveSecret(context, session, 'form'));
  const presented = Buffer.from(token ?? '');
  return presented.length === expected.length && timingSafeEqual(presented, expected);
};

/** Reads the first cookie with this name, even if other cookies in the header are malformed. */
const readCookie = (header: string | undefined, name: string): string | undefined => {
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
};
