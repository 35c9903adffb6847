import type { viewEvent } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import type { Refusals } from '../troubles.ts';
import { bars } from './bars.ts';
import { causeOf } from './grant-page.ts';
import { age, table } from './parts.ts';

type Event = ReturnType<typeof viewEvent>;

export const REPLAY_DAYS = 30;
const DAY_MS = 86_400_000;
const GRANTS_SHOWN = 3;

export type TroublesData = {
  /** Of `grant.replayed`, newest first. */
  readonly replays: readonly Event[];
  readonly isPartial: boolean;
  readonly refusals: readonly Refusals[];
  /** The names of clients by their ids. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** Whether the policy of a client only observes replays. */
  readonly observers: ReadonlySet<string>;
};

/** Replays and refusals, grouped by cause and client over time. */
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
        ${renderReplays(visit, data)} ${data.isPartial && html`<p class="hint">${texts.troubles.partial}</p>`}
      </section>
      <section>
        <h2>${texts.troubles.refusals}</h2>
        ${renderRefusals(visit, data)}
      </section>
    `,
  };
};

const clientLink = (clientId: string, names: TroublesData['clientNames']): Content =>
  clientId === ''
    ? '–'
    : html`<a href="/console/clients/${clientId}"><bdi>${names.get(clientId) ?? clientId}</bdi></a>`;

const renderReplays = (visit: ConsoleVisit, { replays, clientNames, observers }: TroublesData): Content => {
  const { texts, nowMs } = visit;
  if (replays.length === 0) return html`<p class="empty">${texts.troubles.noReplays}</p>`;
  const groups = [
    ...Map.groupBy(replays, ({ clientId, cause }) => `${clientId} ${cause ?? ''}`).values(),
  ].sort((left, right) => right.length - left.length);
  const columns = [
    texts.troubles.cause,
    texts.troubles.client,
    texts.troubles.count,
    texts.troubles.perDay,
    texts.troubles.last,
    texts.troubles.grants,
  ];
  const rows = groups.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { clientId, cause, at } = first;
    const days = Array.from({ length: REPLAY_DAYS }, () => 0);
    for (const event of group) {
      const day = REPLAY_DAYS - 1 - Math.floor((nowMs - Date.parse(event.at ?? '')) / DAY_MS);
      if (day >= 0 && day < REPLAY_DAYS) days[day] = (days[day] ?? 0) + 1;
    }
    const grants = [...new Set(group.map(({ grantId }) => grantId))];
    return [
      [
        html`${causeOf(texts, cause)}
        ${observers.has(clientId) && html`<span class="quiet">${texts.troubles.observed}</span>`}`,
        clientLink(clientId, clientNames),
        group.length,
        bars(days, texts.troubles.chart),
        age(visit, at),
        html`${grants
          .slice(0, GRANTS_SHOWN)
          .map((id) => html`<a href="/console/grants/${id}"><code>${id}</code></a> `)}
        ${grants.length > GRANTS_SHOWN && html`<span class="quiet">+${grants.length - GRANTS_SHOWN}</span>`}`,
      ],
    ];
  });
  return table(texts.troubles.replays, columns, rows);
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
  const rows = refusals.map(({ event, reason, clientId, count, hours, lastAtMs }) => [
    html`<code>${event}</code> ${reason}`,
    clientLink(clientId, clientNames),
    count,
    bars(hours, texts.troubles.chart),
    age(visit, new Date(lastAtMs).toISOString()),
  ]);
  return table(texts.troubles.refusals, columns, rows);
};
