import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import type { Millis } from '../../clock.ts';
import { SESSION_LIFETIME_SECONDS } from '../../grants/session-store.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { isSimulatedSubject } from './demo-owners.ts';
import type { Owner } from './owner.ts';
import { openClaims, sealClaims } from '../../tokens/sealed-claims.ts';

/**
 * The session of a browser. The browser keeps it, sealed, so that every node can continue it. Once an owner is signed in, the
 * store has its digest too, so that it can be ended.
 */
export type Session = {
  /** Random, and new at every sign-in. Forms and sign-ins are bound to it. */
  readonly id: string;
  /** The number of the key that sealed it. */
  readonly keyNumber: number;
  readonly owner: Owner | undefined;
  /** The ID token of the sign-in at the provider, by which the provider recognises its own session at a sign-out. */
  readonly idToken: string | undefined;
  /** Whether the next sign-in at the provider asks for credentials: somebody has signed out in this browser. */
  readonly demandsCredentials: boolean;
};

/**
 * How long a browser keeps the cookie. Longer than the session, so that a request with an expired session differs from
 * one of a browser that sends no cookies.
 */
const COOKIE_LIFETIME_SECONDS = 86_400;

/**
 * A default nginx accepts a response with 4096 bytes of headers, of which the cookie is one. An ID token that does not fit is not
 * kept: the provider then asks who signs out.
 */
const SEALED_WITH_ID_TOKEN_MAX_CHARACTERS = 2600;

const schema = v.object({
  id: v.string(),
  subject: v.optional(v.string()),
  name: v.optional(v.string(), ''),
  idToken: v.optional(v.string()),
  demandsCredentials: v.optional(v.boolean(), false),
});

const isSecure = ({ publicUrl }: ConnectContext): boolean => publicUrl.startsWith('https:');

/**
 * The prefix `__Host-` keeps other hosts and plain HTTP from setting the cookie (RFC 6265bis §4.1.3). It needs `Path=/`, so
 * issuers below paths of one host are kept apart by the name. So are those at its ports, to all of which browsers send a cookie.
 */
const cookieName = (context: ConnectContext): string => {
  const { port, pathname } = new URL(context.publicUrl);
  const path = pathname.slice(1).replaceAll('/', '+');
  const name = ['keyfob-session', port, path].filter((part) => part !== '').join('-');
  return isSecure(context) ? `__Host-${name}` : name;
};

/** Reads the session of a browser; `undefined` if it has none or an expired one. Throws `StoreError`. */
export const readSession = async (
  context: ConnectContext,
  { request, exchange }: Pick<Visit, 'request' | 'exchange'>,
): Promise<Session | undefined> => {
  const text = readCookie(request.headers['cookie'], cookieName(context));
  if (text === undefined) return undefined;
  // Another node may have sealed it with a key that this one has not read yet, and an operator may have withdrawn its key.
  context.noticeKeys((await context.store.readClient('')).keys);
  const opened = await openClaims(context.keyRing, 'session', text, exchange.nowMs);
  const parsed = v.safeParse(schema, opened?.claims);
  if (opened === undefined || !parsed.success) return undefined;
  const { id, subject, name, idToken, demandsCredentials } = parsed.output;
  const anonymous = { id, keyNumber: opened.keyNumber, owner: undefined, idToken: undefined };
  if (subject === undefined) return { ...anonymous, demandsCredentials };
  // A session that was ended belongs to nobody, even if somebody kept a copy of its cookie.
  if (!(await context.store.hasSession(digestOf(id, subject))))
    return { ...anonymous, demandsCredentials: true };
  const owner = { subject, name, isSimulated: isSimulatedSubject(subject) };
  return { ...anonymous, owner, idToken, demandsCredentials };
};

/** What the store knows a session by. With the owner in it, the id of one session is of no use for another owner. */
const digestOf = (id: string, subject: string): Buffer => hash('sha256', `${id} ${subject}`, 'buffer');

/** Whether the browser sent a session, of whatever age. */
export const hasSessionCookie = (context: ConnectContext, { request }: Pick<Visit, 'request'>): boolean =>
  readCookie(request.headers['cookie'], cookieName(context)) !== undefined;

/** What a new session holds. */
type NewSession = {
  readonly owner?: Owner;
  readonly idToken?: string | undefined;
  readonly demandsCredentials?: boolean;
  /** The session of the same browser that it replaces, which ends. */
  readonly replaces?: Session | undefined;
};

/** Starts a new session. `cookie` is the value of `Set-Cookie`. Throws `StoreError`. */
export const startSession = async (
  context: ConnectContext,
  { owner, idToken, demandsCredentials = false, replaces }: NewSession,
  nowMs: Millis,
): Promise<{ readonly session: Session; readonly cookie: string }> => {
  await endSession(context, replaces);
  const id = context.randomness.bytes(16).toString('base64url');
  if (owner !== undefined)
    await context.store.createSession({ digest: digestOf(id, owner.subject), startedAtMs: nowMs });
  const { keyRing } = context;
  const keyNumber = keyRing.session.active.number;
  const claims = {
    id,
    ...(owner === undefined ? {} : { subject: owner.subject, name: owner.name }),
    ...(demandsCredentials ? { demandsCredentials } : {}),
  };
  // What a sign-out demands of the next sign-in lasts as long as the cookie.
  const lifetimeSeconds = demandsCredentials ? COOKIE_LIFETIME_SECONDS : SESSION_LIFETIME_SECONDS;
  const seal = (more: { readonly idToken?: string }): Promise<string> =>
    sealClaims(keyRing, 'session', { ...claims, ...more }, { nowMs, lifetimeSeconds });
  const withToken = idToken === undefined ? undefined : await seal({ idToken });
  const isKept = withToken !== undefined && withToken.length <= SEALED_WITH_ID_TOKEN_MAX_CHARACTERS;
  const text = isKept ? withToken : await seal({});
  const secure = isSecure(context) ? '; Secure' : '';
  return {
    session: { id, keyNumber, owner, idToken: isKept ? idToken : undefined, demandsCredentials },
    cookie: `${cookieName(context)}=${text}; Path=/; Max-Age=${COOKIE_LIFETIME_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
  };
};

const endSession = async ({ store }: ConnectContext, session: Session | undefined): Promise<void> => {
  if (session?.owner !== undefined) await store.endSession(digestOf(session.id, session.owner.subject));
};

/** Derives a secret of a session for one purpose: 43 characters of base64url, always the same. */
export const deriveSecret = ({ keyRing }: ConnectContext, session: Session, purpose: string): string => {
  const key = keyRing.session.find(session.keyNumber) ?? keyRing.session.active;
  return createHmac('sha256', key.formKey).update(`${purpose} ${session.id}`).digest('base64url');
};

/** Whether a text is the secret of this session for this purpose. Compares in constant time. */
export const isSecretOf = (
  context: ConnectContext,
  session: Session,
  purpose: string,
  text: string | undefined,
): boolean => {
  const expected = Buffer.from(deriveSecret(context, session, purpose));
  const presented = Buffer.from(text ?? '');
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
