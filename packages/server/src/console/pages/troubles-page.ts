import type { viewEvent, viewTrouble } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { bars } from './bars.ts';
import { causeOf } from './grant-page.ts';
import { age, table } from './parts.ts';

type Event = ReturnType<typeof viewEvent>;
type Trouble = ReturnType<typeof viewTrouble>;

const GRANTS_SHOWN = 3;
const OBSERVED = /_observed$/;

export type TroublesData = {
  /** Of the last 30 days, by day. */
  readonly replays: readonly Trouble[];
  /** Of the last 24 hours, by hour. */
  readonly refusals: readonly Trouble[];
  /** The newest of `grant.replayed`. */
  readonly replayed: readonly Event[];
  /** The names of clients by their ids. */
  readonly clientNames: ReadonlyMap<string, string>;
};

/** Replays and refusals of all nodes, grouped by cause and client over time. */
export const troublesPage = (visit: ConsoleVisit, data: TroublesData): ConsolePage => {
  const { texts } = visit;
  return {
    title: texts.troubles.title,
    part: 'troubles',
    content: html`
      <header class="title">
        <h1>${texts.troubles.title}</h1>
        <p class="lead">${texts.troubles.lead}</p>
      </header>
      <section>
        <h2>${texts.troubles.replays}</h2>
        ${renderReplays(visit, data)}
      </section>
      <section>
        <h2>${texts.troubles.refusals}</h2>
        ${renderRefusals(visit, data)}
        <p class="hint">${texts.troubles.delay}</p>
      </section>
    `,
  };
};

const clientLink = (
  { texts }: ConsoleVisit,
  clientId: string | null,
  names: TroublesData['clientNames'],
): Content =>
  clientId === null
    ? html`<span class="quiet">${texts.troubles.unknownClient}</span>`
    : html`<a href="/console/clients/${clientId}"><bdi>${names.get(clientId) ?? clientId}</bdi></a>`;

const renderReplays = (visit: ConsoleVisit, { replays, replayed, clientNames }: TroublesData): Content => {
  const { texts } = visit;
  if (replays.length === 0) return html`<p class="empty">${texts.troubles.noReplays}</p>`;
  const columns = [
    texts.troubles.cause,
    texts.troubles.client,
    texts.troubles.count,
    texts.troubles.perDay,
    texts.troubles.last,
    texts.troubles.grants,
  ];
  const rows = replays.map(({ event, reason, clientId, count, lastAt, parts }) => {
    const cause = reason?.replace(OBSERVED, '') ?? 'code_replay';
    const isOfGroup = (one: Event): boolean => one.clientId === clientId && one.cause === cause;
    const grants = event === 'refresh.replayed' ? replayed.filter(isOfGroup) : [];
    return [
      html`${causeOf(texts, cause)}
      ${OBSERVED.test(reason ?? '') && html`<span class="quiet">${texts.troubles.observed}</span>`}`,
      clientLink(visit, clientId, clientNames),
      count,
      bars(parts, texts.troubles.chart),
      age(visit, lastAt),
      grantLinks(grants.map(({ grantId }) => grantId)),
    ];
  });
  return table(texts.troubles.replays, columns, rows);
};

const grantLinks = (replayed: readonly string[]): Content => {
  const grants = [...new Set(replayed)];
  return html`${grants
    .slice(0, GRANTS_SHOWN)
    .map((id) => html`<a href="/console/grants/${id}"><code>${id}</code></a> `)}
  ${grants.length > GRANTS_SHOWN && html`<span class="quiet">+${grants.length - GRANTS_SHOWN}</span>`}`;
};

const renderRefusals = (visit: ConsoleVisit, { refusals, clientNames }: TroublesData): Content => {
  const { texts } = visit;
  if (refusals.length === 0) return html`<p class="empty">${texts.troubles.noRefusals}</p>`;
  const columns = [
    texts.troubles.cause,
    texts.troubles.client,
    texts.troubles.count,
    texts.troubles.perHour,
    texts.troubles.last,
  ];
  const rows = refusals.map(({ event, reason, clientId, count, parts, lastAt }) => [
    html`<code>${event}</code> ${reason ?? ''}`,
    clientLink(visit, clientId, clientNames),
    count,
    bars(parts, texts.troubles.chart),
    age(visit, lastAt),
  ]);
  return table(texts.troubles.refusals, columns, rows);
};
