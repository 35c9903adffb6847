import { html } from './html.ts';
import type { Content } from './html.ts';

/** Wraps fields and buttons in a form that is sent to the page's own address and bound to the session. */
export type RenderForm = (content: Content) => Content;

/** A button that submits its form with this `action`. */
export const button = (
  action: string,
  label: string,
  kind: 'primary' | 'secondary' | 'danger' | 'quiet',
): Content => html`<button class="${kind}" name="action" value="${action}">${label}</button>`;
