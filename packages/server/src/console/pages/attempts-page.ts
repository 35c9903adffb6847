import type { viewAttempt } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { badge, moment, table } from './parts.ts';

type Attempt = ReturnType<typeof viewAttempt>;

/** Every attempt of one delivery that is stored. */
export const attemptsPage = (visit: ConsoleVisit, attempts: readonly Attempt[]): ConsolePage => {
  const { texts } = visit;
  const columns = [texts.attempts.number, texts.attempts.at, texts.attempts.took, texts.webhooks.answer];
  const rows = attempts.map(({ attempt, at, tookMs, status, error }) => [
    attempt,
    moment(visit, at),
    texts.attempts.milliseconds(tookMs),
    html`${error === null ? badge('good', String(status ?? '')) : badge('warn', String(status ?? texts.none))}
      <bdi>${error ?? ''}</bdi>`,
  ]);
  return {
    title: texts.attempts.title,
    part: 'webhooks',
    content: html`
      <header class="title">
        <h1>${texts.attempts.title}</h1>
        <p class="lead">${texts.attempts.lead}</p>
      </header>
      <section>
        ${
          attempts.length === 0
            ? html`<p class="empty">${texts.attempts.empty}</p>`
            : table(texts.attempts.title, columns, rows)
        }
        <p class="more"><a href="/console/webhooks">${texts.webhooks.title}</a></p>
      </section>
    `,
  };
};
