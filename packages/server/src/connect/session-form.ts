import { readForm } from '../wire/form.ts';
import { readMediaType } from '../wire/headers.ts';
import { Refusal } from '../errors.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import type { RenderForm } from './pages/form.ts';
import { html } from './pages/html.ts';
import type { PageContext } from './pages/page-context.ts';
import { deriveSecret, hasSessionCookie, isSecretOf, readSession } from './sign-in/session.ts';
import type { Session } from './sign-in/session.ts';

/** A form that a page of this session sent. */
export type SentForm = {
  readonly session: Session;
  /** The value of the button that was pressed. */
  readonly action: string;
  readonly fields: ReadonlyMap<string, string>;
};

/** The field with the secret that binds a form to its session. */
const FORM_TOKEN = 'form_token';

/** Creates forms that are sent to the page's own address, so that each form repeats the parameters of the request. */
export const createForm = (
  context: ConnectContext,
  session: Session,
  { target }: Pick<PageContext, 'target'>,
): RenderForm => {
  const token = deriveSecret(context, session, 'form');
  return (content, id) =>
    html`<form method="post" action="${target}" ${id !== undefined && html`id="${id}"`}>
      <input type="hidden" name="${FORM_TOKEN}" value="${token}" />
      ${content}
    </form>`;
};

/** Why a form is not accepted. */
export type FormFault = 'form_outdated' | 'form_of_other_site' | 'cookies_missing';

/** Reads a form; the fault if it does not come from a page of this session, or the session has expired. */
export const readSentForm = async (context: ConnectContext, visit: Visit): Promise<SentForm | FormFault> => {
  const { request } = visit;
  if (readMediaType(request) !== 'application/x-www-form-urlencoded') {
    const message = 'Content-Type must be application/x-www-form-urlencoded.';
    throw new Refusal('content_type_wrong', [{ field: 'Content-Type', message }]);
  }
  const fields = readForm(request.body);
  // A form from another site is refused, if the browser reports the site.
  const site = request.headers['sec-fetch-site'] ?? 'same-origin';
  if (site !== 'same-origin' && site !== 'none') return 'form_of_other_site';
  // The page of the form set a cookie, which the browser keeps for longer than the session lasts.
  if (!hasSessionCookie(context, visit)) return 'cookies_missing';
  const session = await readSession(context, visit);
  if (session === undefined || !isSecretOf(context, session, 'form', fields.get(FORM_TOKEN)))
    return 'form_outdated';
  return { session, action: fields.get('action') ?? '', fields };
};
