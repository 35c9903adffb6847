import type { viewDelivery, viewWebhook } from '../../admin/api/views.ts';
import { readDeliveryError } from '../../outbox/delivery-error.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { age, badge, moment, table } from './parts.ts';
import { secretOnce } from './secret-once.ts';
import { renderActions, renderAddition } from './webhook-forms.ts';

type Webhook = ReturnType<typeof viewWebhook>;
type Delivery = ReturnType<typeof viewDelivery>;

export const STATE_BADGES = {
  pending: 'plain',
  retrying: 'warn',
  delivered: 'good',
  given_up: 'bad',
} as const;

export type WebhooksData = {
  readonly webhooks: readonly Webhook[];
  readonly deliveries: readonly Delivery[];
  readonly next: string | null;
  /** Those that a new webhook may be for; `undefined` where they are too many for a choice. */
  readonly clients: readonly { readonly clientId: string; readonly name: string }[] | undefined;
  /** A webhook whose secret is shown now; `null` where its format is not signed. */
  readonly made?: { readonly url: string; readonly secret: string | null } | undefined;
};

/** Receivers, and the attempts to reach them. */
export const webhooksPage = (visit: ConsoleVisit, data: WebhooksData): ConsolePage => {
  const { texts } = visit;
  const { made } = data;
  const urls = new Map(data.webhooks.map(({ webhookId, url }) => [webhookId, url]));
  return {
    title: texts.webhooks.title,
    part: 'webhooks',
    content: html`
      <header class="title"><h1>${texts.webhooks.title}</h1></header>
      ${made !== undefined && renderMade(visit, made)}
      ${
        data.webhooks.length === 0
          ? html`<section><p class="empty">${texts.webhooks.empty}</p></section>`
          : data.webhooks.map((webhook) => renderWebhook(visit, webhook))
      }
      ${visit.may('webhooks.write') && html`<section>${renderAddition(visit, data.clients)}</section>`}
      <section>
        <h2>${texts.webhooks.deliveries}</h2>
        ${renderDeliveries(visit, data.deliveries, urls)}
        ${
          data.next !== null &&
          html`<p class="more">
            <a href="/console/webhooks?after=${data.next}" rel="next">${texts.more}</a>
          </p>`
        }
      </section>
    `,
  };
};

const renderWebhook = (visit: ConsoleVisit, webhook: Webhook): Content => {
  const { texts } = visit;
  const { url, clientId, events, disabledAt, format } = webhook;
  return html`<section class="webhook">
    <h2><code>${url}</code></h2>
    <p>
      ${disabledAt === null ? badge('plain', format) : badge('bad', texts.webhooks.disabled)}
      ${
        clientId === null
          ? texts.webhooks.everyClient
          : html`<a href="/console/clients/${clientId}"><code>${clientId}</code></a>`
      }
      <span class="quiet">${events.map((kind) => texts.events[kind]).join(' · ')}</span>
    </p>
    ${visit.may('webhooks.write') && renderActions(visit, webhook)}
  </section>`;
};

const renderMade = (visit: ConsoleVisit, { url, secret }: NonNullable<WebhooksData['made']>): Content =>
  secret === null
    ? html`<p class="notice" role="status">${visit.texts.webhooks.notSigned}</p>`
    : secretOnce(visit, visit.texts.webhooks.secretOf(url), secret);

const renderDeliveries = (
  visit: ConsoleVisit,
  deliveries: readonly Delivery[],
  urls: ReadonlyMap<string, string>,
): Content => {
  const { texts } = visit;
  if (deliveries.length === 0) return html`<p class="empty">${texts.webhooks.noDeliveries}</p>`;
  const columns = [
    texts.webhooks.state,
    texts.webhooks.event,
    texts.webhooks.attempts,
    texts.webhooks.answer,
    texts.webhooks.next,
    // Of the only webhook, all are.
    ...(urls.size > 1 ? [texts.webhooks.title] : []),
  ];
  const rows = deliveries.map(({ state, event, attempts, lastStatus, lastError, nextAt, webhookId }) => [
    badge(STATE_BADGES[state], texts.webhooks.states[state]),
    html`<a href="/console/grants/${event.grantId}">${texts.events[event.kind]}</a>
      <span class="quiet">${moment(visit, event.at)}</span>`,
    attempts === 0
      ? attempts
      : html`<a href="/console/webhooks/${webhookId}/deliveries/${event.sequence}">${attempts}</a>`,
    lastError === null
      ? (lastStatus ?? texts.none)
      : html`${lastStatus ?? ''} <bdi>${readDeliveryError(lastError)[visit.language]}</bdi>`,
    nextAt === null ? texts.none : age(visit, nextAt),
    ...(urls.size > 1 ? [html`<bdi>${urls.get(webhookId) ?? webhookId}</bdi>`] : []),
  ]);
  return table(texts.webhooks.deliveries, columns, rows);
};
