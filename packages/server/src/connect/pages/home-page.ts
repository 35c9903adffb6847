import { html } from './html.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';

/** What is at the root of the server: the way to the owner page. */
export const homePage = ({ texts, base }: PageContext): Page => ({
  status: 200,
  title: texts.home.title,
  content: html`<h1>${texts.home.title}</h1>
    <p class="lead">${texts.home.lead}</p>
    <p class="actions"><a class="primary" href="${base}/connect">${texts.owner.title}</a></p>`,
});
