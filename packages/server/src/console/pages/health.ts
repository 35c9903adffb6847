import type { viewHealth } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import { EVENTS_LOOKED_AT, EXPIRING_SOON_DAYS, TROUBLE_DAYS } from '../../operations/read-client-health.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { bars } from './bars.ts';
import { causeOf } from './grant-page.ts';
import { age, table } from './parts.ts';

export type Health = ReturnType<typeof viewHealth>;

/** How the grants of a client are: their states as one bar, and what troubled them. */
export const renderHealth = (visit: ConsoleVisit, clientId: string, health: Health): Content => {
  const { texts } = visit;
  const { grants, hasMoreGrants, lookedAt, states, expiringSoon, troubles, isTroublesPartial } = health;
  return html`<section>
    <h2>${texts.health.title}</h2>
    ${
      grants === 0
        ? html`<p class="empty">${texts.health.empty}</p>`
        : html`${renderStates(visit, states, lookedAt)}
            <ul class="tiles">
              ${(['active', 'expired', 'revoked', 'in_doubt'] as const).map(
                (state) =>
                  (state !== 'in_doubt' || states.in_doubt > 0) &&
                  html`<li class="${state}">
                    <a href="/console?clientId=${clientId}&amp;status=${state}"
                      ><strong>${states[state]}</strong> <span>${texts.grant.status[state]}</span></a
                    >
                  </li>`,
              )}
              <li class="soon">
                <strong>${expiringSoon}</strong> <span>${texts.health.soon(EXPIRING_SOON_DAYS)}</span>
              </li>
            </ul>
            ${lookedAt < grants && html`<p class="hint">${texts.health.sample(lookedAt, texts.client.grants(grants, hasMoreGrants))}</p>`}`
    }
    <h3>${texts.health.troubles(TROUBLE_DAYS)}</h3>
    ${troubles.length === 0 ? html`<p class="quiet">${texts.health.noTroubles}</p>` : renderTroubles(visit, health)}
    ${isTroublesPartial && html`<p class="hint">${texts.health.partial(EVENTS_LOOKED_AT)}</p>`}
  </section>`;
};

const WIDTH = 600;

/** Widths are attributes, because the policy of the pages forbids styles in them. */
const renderStates = ({ texts }: ConsoleVisit, states: Health['states'], lookedAt: number): Content => {
  const parts = (['active', 'in_doubt', 'expired', 'revoked'] as const).filter((state) => states[state] > 0);
  let x = 0;
  const words = parts.map((state) => `${texts.grant.status[state]}: ${states[state]}`).join(', ');
  return html`<svg
    class="states"
    viewBox="0 0 ${WIDTH} 12"
    preserveAspectRatio="none"
    role="img"
    aria-label="${words}"
  >
    ${parts.map((state) => {
      const width = (states[state] / lookedAt) * WIDTH;
      const from = x;
      x += width;
      return html`<rect
        class="${state}"
        x="${from.toFixed(1)}"
        y="0"
        width="${Math.max(2, width - 2).toFixed(1)}"
        height="12"
      />`;
    })}
  </svg>`;
};

const renderTroubles = (visit: ConsoleVisit, { troubles }: Health): Content => {
  const { texts } = visit;
  const columns = [
    texts.troubles.cause,
    texts.troubles.count,
    texts.troubles.perDay,
    texts.troubles.last,
    texts.troubles.grants,
  ];
  const rows = troubles.map(({ kind, cause, count, days, lastAt, grantIds }) => [
    html`${texts.events[kind]} <span class="quiet">${cause !== '' && causeOf(texts, cause)}</span>`,
    count,
    bars(days, texts.troubles.chart),
    age(visit, lastAt),
    html`${grantIds.map((id) => html`<a href="/console/grants/${id}"><code>${id}</code></a> `)}`,
  ]);
  return table(texts.health.troubles(TROUBLE_DAYS), columns, rows);
};
