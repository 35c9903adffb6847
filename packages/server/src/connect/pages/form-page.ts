import type { ConnectContext } from '../context.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { Setting } from './page.ts';
import { FORM_TOKEN } from '../sent-form.ts';
import { deriveSecret } from '../sign-in/session.ts';
import type { Session } from '../sign-in/session.ts';

/** Wraps fields and buttons into a form to the page's own address, bound to the session. */
export type WriteForm = (content: Content) => Content;

/** The request's own parameters stay in the address, so each form brings them back as they were sent. */
export const createForm = (
  context: ConnectContext,
  session: Session,
  { target }: Pick<Setting, 'target'>,
): WriteForm => {
  const token = deriveSecret(context, session, 'form');
  return (content) =>
    html`<form method="post" action="${target}">
      <input type="hidden" name="${FORM_TOKEN}" value="${token}" />
      ${content}
    </form>`;
};

/** A button that sends its form. */
export const button = (
  action: string,
  label: string,
  kind: 'primary' | 'secondary' | 'danger' | 'quiet',
): Content => html`<button class="${kind}" name="action" value="${action}">${label}</button>`;
