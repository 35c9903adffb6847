import { html } from './html.ts';
import type { Content } from './html.ts';
import type { Notice } from './notices.ts';

/** What the last form did, above everything else. */
export const renderNotice = (notice: Notice | undefined): Content => {
  if (notice === undefined) return undefined;
  const { kind, title, lines = [], secrets = [] } = notice;
  return html`<div class="notice ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}">
    <p><strong>${title}</strong></p>
    ${lines.length === 1 && html`<p>${lines}</p>`}
    ${
      lines.length > 1 &&
      html`<ul>
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>`
    }
    ${
      secrets.length > 0 &&
      html`<dl class="facts">
        ${secrets.map(
          ({ label, value }) =>
            html`<dt>${label}</dt>
              <dd><code class="secret">${value}</code></dd>`,
        )}
      </dl>`
    }
  </div>`;
};
