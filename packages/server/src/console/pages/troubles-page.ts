import type { viewEvent, viewTrouble } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { classOf, REFUSAL_REASONS } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import { bars } from './bars.ts';
import { causeOf } from './grant-page.ts';
import { age, badge, table } from './parts.ts';

type Event = ReturnType<typeof viewEvent>;
type Trouble = ReturnType<typeof viewTrouble>;

const GRANTS_SHOWN = 3;
const OBSERVED = /_observed$/;

/** The most frequent ones. `isPartial`: there are more. */
type Groups = { readonly troubles: readonly Trouble[]; readonly isPartial: boolean };

export type TroublesData = {
  /** Of the last 30 days, by day. */
  readonly replays: Groups;
  /** Of the last 24 hours, by hour. */
  readonly refusals: Groups;
  /** The newest of `grant.replayed`. */
  readonly replayed: readonly Event[];
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
      ${renderTiles(visit, data)}
      <section>
        <h2>${texts.troubles.replays}</h2>
        ${renderReplays(visit, data)} ${renderCut(visit, data.replays)}
      </section>
      <section>
        <h2>${texts.troubles.refusals}</h2>
        ${renderRefusals(visit, data)} ${renderCut(visit, data.refusals)}
        <p class="hint">${texts.troubles.delay}</p>
      </section>
    `,
  };
};

const isLost = ({ reason }: Trouble): boolean => reason?.replace(OBSERVED, '') === 'lost_answer';

const isReason = (reason: string | null): reason is RefusalReason =>
  REFUSAL_REASONS.some((one) => one === reason);

/** Whether the server itself was the cause. */
const isOwn = ({ reason }: Trouble): boolean => isReason(reason) && classOf(reason) === 'unavailable';

const renderTile = (
  kind: string,
  title: string,
  counted: readonly Trouble[],
  isPartial: boolean,
): Content => {
  const count = counted.reduce((sum, group) => sum + group.count, 0);
  return html`<li class="${count === 0 ? 'none' : kind}">
    <strong>${count}${isPartial && '+'}</strong> <span>${title}</span>
  </li>`;
};

/** The four numbers that say whether somebody has to look closer. */
const renderTiles = ({ texts }: ConsoleVisit, { replays, refusals }: TroublesData): Content => {
  const { troubles } = texts;
  const thefts = replays.troubles.filter((one) => !isLost(one));
  return html`<ul class="tiles">
    ${renderTile('revoked', troubles.theft, thefts, replays.isPartial)}
    ${renderTile('soon', troubles.lost, replays.troubles.filter(isLost), replays.isPartial)}
    ${renderTile('soon', troubles.refused, refusals.troubles, refusals.isPartial)}
    ${renderTile('revoked', troubles.unanswered, refusals.troubles.filter(isOwn), refusals.isPartial)}
  </ul>`;
};

const renderCut = ({ texts }: ConsoleVisit, { troubles, isPartial }: Groups): Content =>
  isPartial && html`<p class="hint">${texts.troubles.cut(troubles.length)}</p>`;

const clientLink = ({ texts }: ConsoleVisit, { clientId, clientName }: Trouble): Content =>
  clientId === null
    ? html`<span class="quiet">${texts.troubles.unknownClient}</span>`
    : html`<a href="/console/clients/${clientId}"><bdi>${clientName ?? clientId}</bdi></a>`;

const renderReplays = (visit: ConsoleVisit, { replays, replayed }: TroublesData): Content => {
  const { texts } = visit;
  if (replays.troubles.length === 0) return html`<p class="empty">${texts.troubles.noReplays}</p>`;
  const columns = [
    texts.troubles.cause,
    texts.troubles.client,
    texts.troubles.count,
    texts.troubles.perDay,
    texts.troubles.last,
    texts.troubles.grants,
  ];
  // What may be a theft comes first, however often answers were lost.
  const [suspected, lost] = [replays.troubles.filter((one) => !isLost(one)), replays.troubles.filter(isLost)];
  const rows = [...suspected, ...lost].map((group) => {
    const { event, reason, clientId, count, lastAt, parts } = group;
    const cause = reason?.replace(OBSERVED, '') ?? 'code_replay';
    const isOfGroup = (one: Event): boolean => one.clientId === clientId && one.cause === cause;
    const grants = event === 'refresh.replayed' ? replayed.filter(isOfGroup) : [];
    const kind = cause === 'lost_answer' ? 'warn' : 'bad';
    return [
      html`${badge(kind, causeOf(texts, cause))}
      ${OBSERVED.test(reason ?? '') && html`<span class="quiet">${texts.troubles.observed}</span>`}`,
      clientLink(visit, group),
      html`<strong>${count}</strong>`,
      bars(parts, texts.troubles.chart, kind),
      age(visit, lastAt),
      grantLinks(texts.none, [...new Set(grants.map(({ grantId }) => grantId))]),
    ];
  });
  return table(texts.troubles.replays, columns, rows);
};

const grantLinks = (none: string, grants: readonly string[]): Content =>
  grants.length === 0
    ? none
    : html`${grants
        .slice(0, GRANTS_SHOWN)
        .map((id) => html`<a href="/console/grants/${id}"><code>${id}</code></a> `)}
      ${grants.length > GRANTS_SHOWN && html`<span class="quiet">+${grants.length - GRANTS_SHOWN}</span>`}`;

const renderRefusals = (visit: ConsoleVisit, { refusals }: TroublesData): Content => {
  const { texts } = visit;
  if (refusals.troubles.length === 0) return html`<p class="empty">${texts.troubles.noRefusals}</p>`;
  const columns = [
    texts.troubles.cause,
    texts.troubles.client,
    texts.troubles.count,
    texts.troubles.perHour,
    texts.troubles.last,
  ];
  const rows = refusals.troubles.map((group) => [
    renderReason(visit, group),
    clientLink(visit, group),
    html`<strong>${group.count}</strong>`,
    bars(group.parts, texts.troubles.chart, 'warn'),
    age(visit, group.lastAt),
  ]);
  return table(texts.troubles.refusals, columns, rows);
};

/** What it means in words, and the reason by which the log and the metrics have it. */
const renderReason = ({ texts }: ConsoleVisit, { event, reason }: Trouble): Content =>
  html`${isReason(reason) && texts.troubles.meanings[classOf(reason)]}
    <code class="quiet">${reason ?? event}</code>`;
