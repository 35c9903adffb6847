import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsoleVisit } from '../console-visit.ts';

/** A secret that is shown on this page only, with a button that copies it. */
export const secretOnce = ({ texts }: ConsoleVisit, sentence: string, secret: string): Content =>
  html`<section class="made" role="status">
    <p>${sentence}</p>
    <p>
      <code class="secret" id="made">${secret}</code>
      <button
        class="secondary copy"
        type="button"
        data-copy="made"
        data-copied="${texts.client.copied}"
        hidden
      >
        ${texts.client.copy}
      </button>
    </p>
  </section>`;
