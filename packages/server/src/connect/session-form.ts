import { readForm } from '../wire/form.ts';
import { readMediaType } from '../wire/headers.ts';
import { Refusal } from '../errors.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import type { RenderForm } from './pages/form.ts';
import { html } from './pages/html.ts';
import type { PageContext } from './pages/page-context.ts';
import { deriveSecret, isFormToken, readSession } from './sign-in/session.ts';
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

/** Reads a form; `undefined` if it does not come from a page of this session, or the session has expired. */
export const readSentForm = async (context: ConnectContext, visit: Visit): Promise<SentForm | undefined> => {
  const { request } = visit;
  if (readMediaType(request) !== 'application/x-www-form-urlencoded') throw new Refusal('content_type_wrong');
  const fields = readForm(request.body);
  const session = await readSession(context, visit);
  // A form from another site is refused, if the browser reports the site.
  const site = request.headers['sec-fetch-site'] ?? 'same-origin';
  const isFromOtherSite = site !== 'same-origin' && site !== 'none';
  if (session === undefined || isFromOtherSite || !isFormToken(context, session, fields.get(FORM_TOKEN)))
    return undefined;
  return { session, action: fields.get('action') ?? '', fields };
};
