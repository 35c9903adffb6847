import { html } from './html.ts';
import type { Content } from './html.ts';
import { renderMoment } from './moments.ts';
import { VERDICT_WORDS } from './verdicts.ts';
import { REQUESTS_SHOWN_MAX } from './world-view.ts';
import type { ShownRequest, WorldView } from './world-view.ts';

const DELIVERED: Readonly<Record<ShownRequest['delivered'], string>> = {
  all: 'arrived',
  part: 'cut off',
  none: 'lost',
  client_gone: 'client left',
  pending: 'on its way',
};

/** The last requests of a world, newest first. */
export const journalSection = ({ requests }: WorldView): Content =>
  html`<section class="card" aria-labelledby="journal-title">
    <div class="titled">
      <h2 id="journal-title">Journal</h2>
      <p class="live" hidden>
        <span role="status" data-state>Live</span>
        <button type="button" class="quiet" data-pause>Pause</button>
      </p>
    </div>
    <div data-live="journal">
      ${
        requests.length === 0
          ? html`<p class="empty">
              No requests yet. What comes, what is decided, and what reaches the client appears here.
            </p>`
          : html`<ol class="journal" reversed>
                ${requests.map(item)}
              </ol>
              ${
                requests.length === REQUESTS_SHOWN_MAX &&
                html`<p class="soft">The newest ${REQUESTS_SHOWN_MAX}. The API has them all.</p>`
              }`
      }
    </div>
  </section>`;

const item = (request: ShownRequest): Content => {
  const { number, at, method, path, token, verdict, says, committed, answer, delivered, faults } = request;
  const isLost = delivered === 'none' || delivered === 'part' || delivered === 'client_gone';
  return html`<li>
    <p class="line">
      <span class="number">${number}</span>
      <span class="badge ${verdict}">${VERDICT_WORDS[verdict] ?? verdict}</span>
      <span class="tokens"
        >${token !== null && html`<span class="token">${token}</span>`}
        ${
          answer?.refreshToken !== undefined &&
          answer?.refreshToken !== null &&
          html`<span aria-label="gave">→</span> <span class="token">${answer.refreshToken}</span>`
        }</span
      >
      <span class="fate ${isLost ? 'lost' : ''}"
        >${committed ? 'committed' : 'nothing stored'}${answer !== null && ` · ${answer.status}`} ·
        ${isLost ? html`<strong>${DELIVERED[delivered]}</strong>` : DELIVERED[delivered]}</span
      >
    </p>
    <p class="says">${says}</p>
    <p class="soft">
      ${renderMoment(at)} · <code>${method} ${path}</code>${faults.length > 0 && ` · ${faults.join(', ')}`}
    </p>
  </li>`;
};
