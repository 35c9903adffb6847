import { html } from './html.ts';
import type { Content } from './html.ts';

/**
 * Wraps fields and buttons in a form that is sent to the page's own address and bound to the session. Buttons outside of
 * it can name its `id`.
 */
export type RenderForm = (content: Content, id?: string) => Content;

/** A button that submits its form with this `action`. */
export const button = (
  action: string,
  label: Content,
  kind: 'primary' | 'secondary' | 'danger' | 'quiet',
): Content => html`<button class="${kind}" name="action" value="${action}">${label}</button>`;
