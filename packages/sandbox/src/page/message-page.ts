import { html } from './html.ts';
import type { Page } from './document.ts';
import { worldLinks } from './world-section.ts';
import type { ListedWorld } from './world-view.ts';

/** A page that says what went wrong, and what to do about it. */
export const messagePage = (
  { status, detail, remedy }: { readonly status: number; readonly detail: string; readonly remedy: string },
  worlds: readonly ListedWorld[],
): Page => ({
  status,
  title: status === 404 ? 'Not there' : 'That did not work',
  navigation: worldLinks(worlds, undefined),
  content: html`<h1>${status === 404 ? 'Not there' : 'That did not work'}</h1>
    <div class="notice problem">
      <p><strong>${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.</strong></p>
      <p>${remedy}</p>
    </div>
    <p><a href="/_sandbox/">To the default world</a></p>`,
});
