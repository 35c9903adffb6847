import type { WireResponse } from '../../wire/exchange.ts';
import { sealNotice, withNotice } from '../notices.ts';
import { redirect, redirectByPage } from '../pages/redirect.ts';
import type { OwnerVisit } from './owner-visit.ts';
import { reportFailure } from './provider-sign-in.ts';
import { startSession } from './session.ts';
import type { Session } from './session.ts';
import { SignInError } from './sign-in-error.ts';

/** Where the provider sends an owner back after a sign-out, to be registered there. */
export const AFTER_SIGN_OUT_PATH = '/connect';

/**
 * Signs an owner out: ends the session in the store, so that no copy of its cookie works, and sends the browser on to the
 * provider, which ends its own. The next sign-in in this browser asks for credentials. Throws `StoreError`; then the
 * owner is still signed in.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0
 */
export const signOut = async (
  ownerVisit: Omit<OwnerVisit, 'methods'>,
  session: Session,
): Promise<WireResponse> => {
  const { context, visit, pageContext } = ownerVisit;
  const { requestId, nowMs } = visit.exchange;
  const fresh = await startSession(context, { demandsCredentials: true, replaces: session }, nowMs);
  const url = await endAtProvider(ownerVisit, session, sealNotice(context, fresh.session, 'signedOut'));
  const isAtProvider = url !== undefined;
  if (session.owner !== undefined)
    context.emit({ event: 'owner.signed_out', requestId, isAtProvider, caller: visit.caller });
  if (isAtProvider)
    return redirectByPage(pageContext, pageContext.texts.signIn.signingOut, url, fresh.cookie);
  const notice = session.owner?.isSimulated === false ? 'signedOutHere' : 'signedOut';
  const sealed = sealNotice(context, fresh.session, notice);
  const location = withNotice(pageContext.target, sealed);
  return redirect(pageContext, location, { status: 303, setCookie: fresh.cookie });
};

/** The URL at which the provider ends its session; `undefined` if it has none, offers no such URL, or does not answer. */
const endAtProvider = async (
  ownerVisit: Omit<OwnerVisit, 'methods'>,
  { owner, idToken }: Session,
  state: string,
): Promise<string | undefined> => {
  const { context, pageContext } = ownerVisit;
  if (owner === undefined || owner.isSimulated) return undefined;
  const returnTo = `${context.publicUrl}${AFTER_SIGN_OUT_PATH}`;
  const { language } = pageContext;
  try {
    return await context.upstream?.end({ idToken, returnTo, state, language });
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    reportFailure(ownerVisit, error);
    return undefined;
  }
};
