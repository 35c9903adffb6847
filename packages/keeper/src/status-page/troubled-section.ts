import type { GrantState } from '../grants/grant.ts';
import type { Overview, Troubled } from '../operations/read-overview.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { showCount, showMoment } from './moments.ts';

const BADGES: Readonly<Partial<Record<GrantState, readonly [string, string]>>> = {
  dead: ['wrong', 'Needs consent'],
  uncertain: ['warn', 'At risk'],
  staged: ['warn', 'At risk'],
  suspect: ['warn', 'Suspect'],
};

/** Connections that need somebody: why, until when, and where the owner consents again. */
export const renderTroubled = ({ troubled, numbers, nowMs }: Overview): Html => {
  const rest = numbers.atRisk + numbers.needsConsent - troubled.length;
  return html`<section aria-labelledby="troubled">
    <h2 id="troubled">Connections in trouble</h2>
    ${
      troubled.length === 0
        ? html`<p class="card quiet"><b>None.</b> No connection needs anybody.</p>`
        : html`<ul class="troubled">
            ${troubled.map((one, at) => renderOne(one, at, nowMs))}
          </ul>`
    }
    ${rest > 0 && html`<p class="soft rest">and ${showCount(rest)} more: <code>keyfob-keeper ls --state dead</code></p>`}
  </section>`;
};

const renderOne = (
  { name, client, state, why, deadlineMs, reconnectUrl }: Troubled,
  at: number,
  nowMs: number,
): Html => {
  const [mood, word] = BADGES[state] ?? ['warn', state];
  return html`<li class="card">
    <div class="head">
      <h3><code>${name}</code></h3>
      <span class="soft">${client}</span>
      <span class="badge ${mood}">${word}</span>
    </div>
    <p>${why}</p>
    ${
      deadlineMs !== null &&
      html`<p class="deadline"><b>Deadline</b> The access token ends ${showMoment(deadlineMs, nowMs)}.</p>`
    }
    ${
      reconnectUrl !== null &&
      html`<div class="reconnect">
        <label for="link-${at}">Reconnect link<span class="unseen"> for ${name}</span></label>
        <input id="link-${at}" readonly value="${reconnectUrl}" />
        <button type="button" data-copy="link-${at}" hidden>Copy</button>
      </div>`
    }
  </li>`;
};
