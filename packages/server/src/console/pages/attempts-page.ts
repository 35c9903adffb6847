import type { viewAttempt, viewDelivery, viewWebhook } from '../../admin/api/views.ts';
import { readDeliveryError } from '../../outbox/delivery-error.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { causeOf } from './grant-page.ts';
import { above, age, badge, facts, moment, table } from './parts.ts';
import { STATE_BADGES } from './webhooks-page.ts';

/** A delivery, where it goes, and every attempt of it that is stored. */
export type AttemptsData = {
  readonly webhook: ReturnType<typeof viewWebhook>;
  readonly delivery: ReturnType<typeof viewDelivery>;
  readonly attempts: readonly ReturnType<typeof viewAttempt>[];
};

/** One delivery with its attempts. */
export const attemptsPage = (visit: ConsoleVisit, data: AttemptsData): ConsolePage => {
  const { texts } = visit;
  const { webhook, delivery, attempts } = data;
  const { event } = delivery;
  return {
    title: texts.attempts.title,
    part: 'webhooks',
    isBelow: true,
    content: html`
      <header class="title">
        ${above(['/console/webhooks', texts.webhooks.title], texts.attempts.title)}
        <h1>${texts.events[event.kind]}</h1>
        <p>
          ${badge(STATE_BADGES[delivery.state], texts.webhooks.states[delivery.state])}
          <bdi>${texts.webhooks.deliveriesOf(webhook.url)}</bdi>
        </p>
      </header>
      <section>
        <h2>${texts.webhooks.event}</h2>
        ${facts([
          [
            texts.grant.id,
            html`<a href="/console/grants/${event.grantId}"><code>${event.grantId}</code></a>`,
          ],
          [texts.attempts.happened, moment(visit, event.at)],
          event.cause === null ? undefined : [texts.troubles.cause, causeOf(texts, event.cause)],
          [texts.attempts.eventId, html`<code>${event.eventId}</code>`],
          delivery.nextAt === null ? undefined : [texts.webhooks.next, age(visit, delivery.nextAt)],
          delivery.deliveredAt === null
            ? undefined
            : [texts.webhooks.states.delivered, moment(visit, delivery.deliveredAt)],
        ])}
      </section>
      <section>
        <h2>${texts.webhooks.attempts}</h2>
        ${renderAttempts(visit, attempts)}
      </section>
    `,
  };
};

const renderAttempts = (visit: ConsoleVisit, attempts: AttemptsData['attempts']): Content => {
  const { texts } = visit;
  if (attempts.length === 0) return html`<p class="empty">${texts.attempts.empty}</p>`;
  const columns = [texts.attempts.number, texts.attempts.at, texts.attempts.took, texts.attempts.answer];
  const rows = attempts.map(({ attempt, at, tookMs, status, error }) => [
    attempt,
    moment(visit, at),
    texts.attempts.milliseconds(tookMs),
    html`${badge(error === null ? 'good' : 'warn', String(status ?? texts.attempts.noAnswer))}
      <bdi>${error === null ? '' : readDeliveryError(error)[visit.language]}</bdi>`,
  ]);
  return html`<p class="hint">${texts.attempts.lead}</p>
    ${table(texts.attempts.title, columns, rows)}`;
};
