import { readForm } from '../wire/form.ts';
import { readMediaType } from '../wire/headers.ts';
import { Refusal } from '../errors.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import type { WriteForm } from './pages/form.ts';
import { html } from './pages/html.ts';
import type { PageContext } from './pages/page-context.ts';
import { deriveSecret, isFormOf, readSession } from './sign-in/session.ts';
import type { Session } from './sign-in/session.ts';

/** A form that one of our pages, shown to this very session, has sent. */
export type SentForm = {
  readonly session: Session;
  /** Which of its buttons was pressed. */
  readonly action: string;
  readonly fields: ReadonlyMap<string, string>;
};

/** The name of the field by which a form shows that it is ours. */
export const FORM_TOKEN = 'form_token';

/** The request's own parameters stay in the address, so each form brings them back as they were sent. */
export const createForm = (
  context: ConnectContext,
  session: Session,
  { target }: Pick<PageContext, 'target'>,
): WriteForm => {
  const token = deriveSecret(context, session, 'form');
  return (content) =>
    html`<form method="post" action="${target}">
      <input type="hidden" name="${FORM_TOKEN}" value="${token}" />
      ${content}
    </form>`;
};

/** Reads a form; `undefined` where it does not come from a page of this session, or the session ended meanwhile. */
export const readSentForm = async (context: ConnectContext, visit: Visit): Promise<SentForm | undefined> => {
  const { request } = visit;
  if (readMediaType(request) !== 'application/x-www-form-urlencoded') throw new Refusal('content_type_wrong');
  const fields = readForm(request.body);
  const session = await readSession(context, visit);
  // A browser that says where a form comes from is believed when it says: from elsewhere.
  const site = request.headers['sec-fetch-site'] ?? 'same-origin';
  const isElsewhere = site !== 'same-origin' && site !== 'none';
  if (session === undefined || isElsewhere || !isFormOf(context, session, fields.get(FORM_TOKEN)))
    return undefined;
  return { session, action: fields.get('action') ?? '', fields };
};
