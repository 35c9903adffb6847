import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { isSimulatedSubject } from './demo-owners.ts';
import type { Owner } from './owner.ts';
import { keyNumberOf, openClaims, sealClaims } from '../sealed-claims.ts';

/** A browser that was here before, and who is signed in on it. Kept by the browser alone, so that any node can go on. */
export type Session = {
  /** Random; new at every sign-in. Forms and sign-ins are bound to it. */
  readonly id: string;
  /** Of the key that sealed it. */
  readonly keyNumber: number;
  readonly owner: Owner | undefined;
};

/** From sign-in to its end, and how long a form may lie open. */
const SESSION_LIFETIME_SECONDS = 1800;

const schema = v.object({
  id: v.string(),
  subject: v.optional(v.string()),
  name: v.optional(v.string(), ''),
});

const isSecure = ({ publicUrl }: ConnectContext): boolean => publicUrl.startsWith('https:');

/** With the prefix, no other host and no plain connection can set it (RFC 6265bis §4.1.3). */
const cookieName = (context: ConnectContext): string =>
  isSecure(context) ? '__Host-keyfob-session' : 'keyfob-session';

/** The session of a browser; `undefined` for a new one, and for one that ended. Throws `StoreError`. */
export const readSession = async (
  context: ConnectContext,
  { request, exchange }: Pick<Visit, 'request' | 'exchange'>,
): Promise<Session | undefined> => {
  const text = readCookie(request.headers['cookie'], cookieName(context));
  if (text === undefined) return undefined;
  const number = keyNumberOf(text);
  // Another node may have read a rotated ring before this one.
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

/** A fresh session, and the `Set-Cookie` that gives it to the browser. */
export const startSession = async (
  context: ConnectContext,
  owner: Owner | undefined,
  nowMs: number,
): Promise<{ readonly session: Session; readonly cookie: string }> => {
  const id = context.randomness.bytes(16).toString('base64url');
  const { keyRing } = context;
  const keyNumber = keyRing.newest.number;
  const who = owner === undefined ? {} : { subject: owner.subject, name: owner.name };
  const options = { nowMs, lifetimeSeconds: SESSION_LIFETIME_SECONDS };
  const text = await sealClaims(keyRing, 'session', { id, ...who }, options);
  const secure = isSecure(context) ? '; Secure' : '';
  return {
    session: { id, keyNumber, owner },
    cookie: `${cookieName(context)}=${text}; Path=/; Max-Age=${SESSION_LIFETIME_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  };
};

/** A secret of a session for one purpose: 43 of base64url, the same each time, unknown to whoever lacks the ring. */
export const deriveSecret = ({ keyRing }: ConnectContext, session: Session, purpose: string): string => {
  const key = keyRing.find(session.keyNumber) ?? keyRing.newest;
  return createHmac('sha256', key.formKey).update(`${purpose} ${session.id}`).digest('base64url');
};

/** Whether a form came from a page that this session was shown. Compared in constant time. */
export const isFormOf = (context: ConnectContext, session: Session, token: string | undefined): boolean => {
  const expected = Buffer.from(deriveSecret(context, session, 'form'));
  const presented = Buffer.from(token ?? '');
  return presented.length === expected.length && timingSafeEqual(presented, expected);
};

/** The first cookie of this name. A header with a broken one around it is read all the same. */
const readCookie = (header: string | undefined, name: string): string | undefined => {
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
};
