import { html } from './html.ts';
import type { Content } from './html.ts';

/** Wraps fields and buttons into a form to the page's own address, bound to the session. */
export type WriteForm = (content: Content) => Content;

/** A button that sends its form. */
export const button = (
  action: string,
  label: string,
  kind: 'primary' | 'secondary' | 'danger' | 'quiet',
): Content => html`<button class="${kind}" name="action" value="${action}">${label}</button>`;
