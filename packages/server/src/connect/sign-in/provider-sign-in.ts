import * as v from 'valibot';
import type { WireResponse } from '../../wire/exchange.ts';
import { readQuery } from '../../wire/query.ts';
import type { Visit } from '../../wire/route.ts';
import type { ConnectContext } from '../context.ts';
import { button } from '../pages/form.ts';
import { html } from '../pages/html.ts';
import { renderMessage } from '../pages/message-page.ts';
import { createPageContext } from '../pages/page-context.ts';
import { redirect, redirectByPage } from '../pages/redirect.ts';
import { openClaims, sealClaims } from '../../tokens/sealed-claims.ts';
import { createForm } from '../session-form.ts';
import type { OwnerVisit } from './owner-visit.ts';
import { deriveSecret, hasSessionCookie, readSession, startSession } from './session.ts';
import type { Session } from './session.ts';
import { SignInError } from './sign-in-error.ts';
import type { SignInAttempt } from './upstream.ts';

/** The path of the redirect URI that is registered at the provider. */
export const CALLBACK_PATH = '/connect/callback';
/** The time that an owner has to sign in at the provider. */
const ATTEMPT_LIFETIME_SECONDS = 600;

/** What a sign-in needs again at its callback. The browser carries it, sealed, as `state`. */
const attemptSchema = v.object({
  session: v.string(),
  attempt: v.string(),
  next: v.pipe(v.string(), v.startsWith('/')),
  redirectUri: v.optional(v.string()),
});

type PagesOfVisit = Omit<OwnerVisit, 'methods'>;

/** Sends the browser to the provider, which asks for credentials if the session demands it. */
export const redirectToProvider = async (
  ownerVisit: PagesOfVisit,
  options: { readonly session: Session; readonly cookie: string | undefined },
): Promise<WireResponse> => {
  const { context, visit, pageContext } = ownerVisit;
  const { session, cookie } = options;
  const claims: v.InferOutput<typeof attemptSchema> = {
    session: session.id,
    attempt: context.randomness.bytes(16).toString('base64url'),
    next: pageContext.target,
    redirectUri: pageContext.redirectUri,
  };
  const state = await sealClaims(context.keyRing, 'sign-in', claims, {
    nowMs: visit.exchange.nowMs,
    lifetimeSeconds: ATTEMPT_LIFETIME_SECONDS,
  });
  const attempt = deriveAttempt(context, session, { state, attempt: claims.attempt });
  const redirectUri = `${context.publicUrl}${CALLBACK_PATH}`;
  try {
    const { language } = pageContext;
    const isFresh = session.demandsCredentials;
    const url = await context.upstream?.begin(attempt, { redirectUri, language, isFresh });
    if (url === undefined) throw new SignInError('not_configured', 'no provider is configured');
    if (visit.request.method === 'POST')
      return redirectByPage(pageContext, pageContext.texts.signIn.redirecting, url, cookie);
    return redirect(pageContext, url, { status: 302, setCookie: cookie });
  } catch (error) {
    return renderFailure(ownerVisit, error);
  }
};

/** Derives nonce and verifier from session and state, so that no node stores them and several windows can sign in at once. */
const deriveAttempt = (
  context: ConnectContext,
  session: Session,
  { state, attempt }: { readonly state: string; readonly attempt: string },
): SignInAttempt => ({
  state,
  nonce: deriveSecret(context, session, `nonce ${attempt}`),
  codeVerifier: deriveSecret(context, session, `verifier ${attempt}`),
});

/** Completes a sign-in when the browser comes back from the provider, and redirects to where it was before. */
export const finishSignIn = async (context: ConnectContext, visit: Visit): Promise<WireResponse> => {
  const { request, exchange, caller } = visit;
  const { requestId, nowMs } = exchange;
  const state = readQuery(request.query)?.get('state') ?? '';
  const opened = await openClaims(context.keyRing, 'sign-in', state, nowMs);
  const parsed = v.safeParse(attemptSchema, opened?.claims);
  const claims = parsed.success ? parsed.output : undefined;
  const session = await readSession(context, visit);
  const next = claims?.next ?? `${createPageContext(context, visit).base}/connect`;
  const lang = readQuery(next.split('?').slice(1).join('?'))?.get('lang');
  const pageContext = {
    ...createPageContext(context, visit, { lang }),
    target: next,
    redirectUri: claims?.redirectUri,
  };
  const pages = { context, visit, pageContext };
  if (claims === undefined || claims.session !== session?.id) {
    const hasCookie = hasSessionCookie(context, visit);
    const cause = hasCookie
      ? 'the state is expired, invalid or of another session'
      : 'the browser sent no cookie';
    reportFailure(pages, new SignInError('stale', cause));
    return renderMessage(hasCookie ? 'pageExpired' : 'cookiesBlocked', pageContext);
  }
  const attempt = deriveAttempt(context, session, { state, attempt: claims.attempt });
  const url = new URL(`${context.publicUrl}${CALLBACK_PATH}?${request.query}`);
  try {
    const signedIn = await context.upstream?.finish(url, attempt);
    if (signedIn === undefined) throw new SignInError('not_configured', 'no provider is configured');
    const { cookie } = await startSession(context, { ...signedIn, replaces: session }, nowMs);
    context.emit({ event: 'owner.signed_in', requestId, method: 'upstream', caller });
    return redirect(pageContext, next, { status: 303, setCookie: cookie });
  } catch (error) {
    return renderFailure(pages, error, session);
  }
};

/** Renders the message for a failed sign-in. With a session, an owner on the way to a client can also decline. */
const renderFailure = (pages: PagesOfVisit, error: unknown, session?: Session): WireResponse => {
  if (!(error instanceof SignInError)) throw error;
  reportFailure(pages, error);
  const { context, pageContext } = pages;
  if (error.reason === 'provider_unavailable') return renderMessage('signInUnavailable', pageContext);
  if (session === undefined || pageContext.redirectUri === undefined)
    return renderMessage('signInRefused', pageContext);
  const cancel = button('decline', pageContext.texts.signIn.cancel, 'secondary');
  const extra = createForm(context, session, pageContext)(html`<p class="actions">${cancel}</p>`);
  return renderMessage('signInRefused', pageContext, { extra });
};

export const reportFailure = (
  { context, visit: { exchange, caller } }: Pick<OwnerVisit, 'context' | 'visit'>,
  { reason, message: cause, providerError }: SignInError,
): void => {
  const { requestId } = exchange;
  context.emit({ event: 'sign_in.failed', requestId, reason, cause, providerError, caller });
};
