import * as v from 'valibot';
import { readQuery } from '../../wire/query.ts';
import type { WireResponse } from '../../wire/exchange.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { DEMO_OWNERS } from './demo-owners.ts';
import { button } from '../pages/form.ts';
import { createForm } from '../session-form.ts';
import { html } from '../pages/html.ts';
import type { Content } from '../pages/html.ts';
import { renderMessage } from '../pages/message-page.ts';
import { redirect, renderPage } from '../pages/page.ts';
import type { PageContext } from '../pages/page-context.ts';
import type { SentForm } from '../session-form.ts';
import { deriveSecret, readSession, startSession } from './session.ts';
import type { Owner } from './owner.ts';
import type { Session } from './session.ts';
import { createPageContext } from '../pages/page-context.ts';
import { redirectPage, signInPage } from '../pages/sign-in-page.ts';
import type { SignInMethods } from '../pages/sign-in-page.ts';
import { openClaims, sealClaims } from '../sealed-claims.ts';
import { SignInError } from './upstream.ts';
import type { SignInAttempt } from './upstream.ts';

/** Where the provider sends the browser back to; to be registered there. */
export const CALLBACK_PATH = '/connect/callback';
/** How long an owner may take at the provider. */
const ATTEMPT_LIFETIME_SECONDS = 600;

/** The methods to sign in for a request: simulated owners have no place among real ones, nor the other way round. */
export const signInMethodsFor = (
  { isDemo, upstream }: ConnectContext,
  isSimulated: boolean,
): SignInMethods => ({
  simulated: isDemo || isSimulated,
  real: upstream !== undefined && !isSimulated,
});

/** The signed-in owner, if one of this kind is asked for. */
export const ownerFor = (session: Session | undefined, methods: SignInMethods): Owner | undefined => {
  const owner = session?.owner;
  return owner !== undefined && (owner.isSimulated ? methods.simulated : methods.real) ? owner : undefined;
};

/** Signs an owner in: by a page where there is a choice, else by sending the browser to the provider. */
export const requireSignIn = async (
  context: ConnectContext,
  visit: Visit,
  pageContext: PageContext,
  methods: SignInMethods,
  page: { readonly canCancel: boolean; readonly lead?: Content },
): Promise<WireResponse> => {
  if (!methods.simulated && !methods.real) {
    reportFailure(
      context,
      visit,
      new SignInError('not_configured', 'neither signInIssuer nor --demo is given'),
    );
    return renderMessage('signInNotConfigured', pageContext);
  }
  const known = await readSession(context, visit);
  const { session, cookie } =
    known === undefined
      ? await startSession(context, undefined, visit.exchange.nowMs)
      : { session: known, cookie: undefined };
  if (!methods.simulated && page.lead === undefined)
    return redirectToProvider(context, visit, pageContext, { session, cookie, isFresh: false });
  const form = createForm(context, session, pageContext);
  return renderPage({ ...signInPage(pageContext, methods, form, page), setCookie: cookie }, pageContext);
};

/** Does what a form asks for about signing in; `undefined` where it asks for something else. */
export const handleSignInForm = async (
  context: ConnectContext,
  visit: Visit,
  { action, fields, session }: SentForm,
  pageContext: PageContext,
  methods: SignInMethods,
): Promise<WireResponse | undefined> => {
  const { requestId, nowMs } = visit.exchange;
  if (action === 'sign_in' && methods.simulated) {
    const demo = DEMO_OWNERS.find(({ id }) => id === fields.get('owner'));
    if (demo === undefined) return undefined;
    const owner = { subject: demo.subject, name: '', isSimulated: true };
    const { cookie } = await startSession(context, owner, nowMs);
    context.emit({ event: 'owner.signed_in', requestId, method: 'simulated', caller: visit.caller });
    return redirect(pageContext.target, 303, cookie);
  }
  if (action === 'sign_in_upstream' && methods.real)
    return redirectToProvider(context, visit, pageContext, { session, cookie: undefined, isFresh: false });
  if (action === 'switch') {
    const fresh = await startSession(context, undefined, nowMs);
    if (methods.simulated || !methods.real) return redirect(pageContext.target, 303, fresh.cookie);
    return redirectToProvider(context, visit, pageContext, { ...fresh, isFresh: true });
  }
  return undefined;
};

const redirectToProvider = async (
  context: ConnectContext,
  visit: Visit,
  pageContext: PageContext,
  {
    session,
    cookie,
    isFresh,
  }: { readonly session: Session; readonly cookie: string | undefined; readonly isFresh: boolean },
): Promise<WireResponse> => {
  const statement = {
    session: session.id,
    attempt: context.randomness.bytes(16).toString('base64url'),
    next: pageContext.target,
    redirectUri: pageContext.redirectUri,
  };
  const options = { nowMs: visit.exchange.nowMs, lifetimeSeconds: ATTEMPT_LIFETIME_SECONDS };
  const state = await sealClaims(context.keyRing, 'sign-in', statement, options);
  const attempt = attemptOf(context, session, state, statement.attempt);
  const redirectUri = `${context.publicUrl}${CALLBACK_PATH}`;
  try {
    const url = await context.upstream?.begin(attempt, {
      redirectUri,
      language: pageContext.language,
      isFresh,
    });
    if (url === undefined) throw new SignInError('not_configured', 'no provider is configured');
    if (visit.request.method === 'POST')
      return renderPage(redirectPage(pageContext, url, cookie), pageContext);
    return redirect(url, 302, cookie);
  } catch (error) {
    return renderFailure(context, visit, pageContext, error);
  }
};

/** Nonce and verifier are made of the session and the state, so nobody has to keep them, and several windows can sign in. */
const attemptOf = (
  context: ConnectContext,
  session: Session,
  state: string,
  attempt: string,
): SignInAttempt => ({
  state,
  nonce: deriveSecret(context, session, `nonce ${attempt}`),
  codeVerifier: deriveSecret(context, session, `verifier ${attempt}`),
});

const schema = v.object({
  session: v.string(),
  attempt: v.string(),
  next: v.pipe(v.string(), v.startsWith('/')),
  redirectUri: v.optional(v.string()),
});

/** Takes an owner back from the provider, and goes on where the browser had been. */
export const finishSignIn = async (context: ConnectContext, visit: Visit): Promise<WireResponse> => {
  const { request, exchange, caller } = visit;
  const { requestId, nowMs } = exchange;
  const state = readQuery(request.query)?.get('state') ?? '';
  const opened = await openClaims(context.keyRing, 'sign-in', state, nowMs);
  const statement = v.safeParse(schema, opened?.claims);
  const session = await readSession(context, visit);
  const redirectUri = statement.success ? statement.output.redirectUri : undefined;
  const next = statement.success
    ? statement.output.next
    : `${createPageContext(context, request).base}/connect`;
  const lang = readQuery(next.split('?').slice(1).join('?'))?.get('lang');
  const pageContext = { ...createPageContext(context, request, { lang }), target: next, redirectUri };
  if (!statement.success || statement.output.session !== session?.id) {
    reportFailure(
      context,
      visit,
      new SignInError('stale', 'the browser did not bring back what it was given'),
    );
    return renderMessage('pageExpired', pageContext);
  }
  const attempt = attemptOf(context, session, state, statement.output.attempt);
  const url = new URL(`${context.publicUrl}${CALLBACK_PATH}?${request.query}`);
  try {
    const owner = await context.upstream?.finish(url, attempt);
    if (owner === undefined) throw new SignInError('not_configured', 'no provider is configured');
    const { cookie } = await startSession(context, owner, nowMs);
    context.emit({ event: 'owner.signed_in', requestId, method: 'upstream', caller });
    return redirect(next, 303, cookie);
  } catch (error) {
    return renderFailure(context, visit, pageContext, error, session);
  }
};

const renderFailure = (
  context: ConnectContext,
  visit: Visit,
  pageContext: PageContext,
  error: unknown,
  session?: Session,
): WireResponse => {
  if (!(error instanceof SignInError)) throw error;
  reportFailure(context, visit, error);
  if (error.reason === 'provider_unavailable') return renderMessage('signInUnavailable', pageContext);
  // Whoever does not want to sign in after all may tell the client so.
  const cancel = button('decline', pageContext.texts.signIn.cancel, 'secondary');
  const isAwaited = session !== undefined && pageContext.redirectUri !== undefined;
  const extra = isAwaited
    ? createForm(context, session, pageContext)(html`<p class="actions">${cancel}</p>`)
    : undefined;
  return renderMessage('signInRefused', pageContext, { extra });
};

const reportFailure = (
  { emit }: ConnectContext,
  { exchange: { requestId }, caller }: Visit,
  { reason, message: cause }: SignInError,
): void => emit({ event: 'sign_in.failed', requestId, reason, cause, caller });
