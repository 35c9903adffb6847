import type { WireResponse } from '../../wire/exchange.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';

/** Stands in for the app to which an owner returns: shows the code, how to exchange it, and the answer once there is one. */
export const callbackPage = (
  { texts, base }: PageContext,
  {
    title,
    code,
    command,
    answer,
  }: {
    /** Of the dialect. */
    readonly title: string;
    readonly code: string;
    readonly command: string;
    readonly answer: WireResponse | undefined;
  },
  form: RenderForm,
): Page => {
  const { demo } = texts;
  return {
    status: 200,
    title: demo.title,
    content: html`<h1>${demo.heading}</h1>
      <p class="lead">${demo.lead(title)}</p>
      ${answer !== undefined && renderAnswer(demo, answer)}
      <h2>${demo.code}</h2>
      <pre class="shell"><code>${code}</code></pre>
      <p>${demo.codeText}</p>
      <h2>${demo.exchange}</h2>
      <p>${demo.exchangeText}</p>
      <pre class="shell"><code>${command}</code></pre>
      ${form(html`<p class="actions">${button('exchange', demo.exchangeHere, answer === undefined ? 'primary' : 'secondary')}</p>`)}
      <p class="note">${demo.owner} <a href="${base}/connect">${texts.owner.title}</a></p>`,
  };
};

const renderAnswer = (demo: PageContext['texts']['demo'], { status, body }: WireResponse): Content =>
  html`<section class="answer" role="status">
    <h2>${demo.answer(status)}</h2>
    <pre class="shell"><code>${indent(body)}</code></pre>
    <p>${status < 400 ? demo.granted : demo.refused}</p>
  </section>`;

const indent = (body: string): string => {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
};

/** For an owner who declined, or somebody who came without a code. */
export const withoutCodePage = ({ texts }: PageContext, error: string | undefined): Page => {
  const { demo } = texts;
  return {
    status: error === undefined ? 400 : 200,
    title: demo.title,
    content: html`<h1>${error === undefined ? demo.noCode : demo.declined}</h1>
      ${error !== undefined && html`<pre class="shell"><code>error=${error}</code></pre>`}
      <p>${demo.startAgain}</p>`,
  };
};
