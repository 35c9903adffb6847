import type { WireResponse } from '../../wire/exchange.ts';
import type { Content } from '../pages/html.ts';
import { renderMessage } from '../pages/message-page.ts';
import { renderPage } from '../pages/page.ts';
import { redirect } from '../pages/redirect.ts';
import { signInPage } from '../pages/sign-in-page.ts';
import { createForm } from '../session-form.ts';
import type { SentForm } from '../session-form.ts';
import { DEMO_OWNERS } from './demo-owners.ts';
import type { OwnerVisit } from './owner-visit.ts';
import { redirectToProvider, reportFailure } from './provider-sign-in.ts';
import { readSession, startSession } from './session.ts';
import { SignInError } from './sign-in-error.ts';

/** Lets an owner sign in: on a page if there is a choice or a `lead`, otherwise directly at the provider. */
export const requireSignIn = async (
  ownerVisit: OwnerVisit,
  page: { readonly canCancel: boolean; readonly lead?: Content },
): Promise<WireResponse> => {
  const { context, visit, pageContext, methods } = ownerVisit;
  if (!methods.simulated && !methods.real) {
    reportFailure(ownerVisit, new SignInError('not_configured', 'neither signInIssuer nor --demo is set'));
    return renderMessage('signInNotConfigured', pageContext);
  }
  const known = await readSession(context, visit);
  const { session, cookie } =
    known === undefined
      ? await startSession(context, {}, visit.exchange.nowMs)
      : { session: known, cookie: undefined };
  if (!methods.simulated && page.lead === undefined)
    return redirectToProvider(ownerVisit, { session, cookie });
  const form = createForm(context, session, pageContext);
  return renderPage({ ...signInPage(pageContext, methods, form, page), setCookie: cookie }, pageContext);
};

/** Answers a form that signs in or switches the account; `undefined` for every other form. */
export const handleSignInForm = async (
  ownerVisit: OwnerVisit,
  { action, fields, session }: SentForm,
): Promise<WireResponse | undefined> => {
  const { context, visit, pageContext, methods } = ownerVisit;
  const { requestId, nowMs } = visit.exchange;
  if (action === 'sign_in' && methods.simulated) {
    const demo = DEMO_OWNERS.find(({ id }) => id === fields.get('owner'));
    if (demo === undefined) return undefined;
    const owner = { subject: demo.subject, name: '', isSimulated: true };
    const { cookie } = await startSession(context, { owner, replaces: session }, nowMs);
    context.emit({ event: 'owner.signed_in', requestId, method: 'simulated', caller: visit.caller });
    return redirect(pageContext, pageContext.target, { status: 303, setCookie: cookie });
  }
  if (action === 'sign_in_upstream' && methods.real)
    return redirectToProvider(ownerVisit, { session, cookie: undefined });
  if (action === 'switch') {
    const fresh = await startSession(context, { demandsCredentials: true, replaces: session }, nowMs);
    if (methods.simulated || !methods.real)
      return redirect(pageContext, pageContext.target, { status: 303, setCookie: fresh.cookie });
    return redirectToProvider(ownerVisit, fresh);
  }
  return undefined;
};
