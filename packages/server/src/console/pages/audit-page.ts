import type { AuditEntry, entryToJson } from '../../operators/audit-entry.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { badge, momentToTheSecond, table } from './parts.ts';

type Entry = ReturnType<typeof entryToJson>;

/** Which entries are shown; empty for every one. */
export type AuditFilter = { readonly target: string; readonly operatorId: string };

export type AuditData = {
  readonly entries: readonly Entry[];
  /** Where the next page begins; `null` on the last one. */
  readonly next: string | null;
  readonly filter: AuditFilter;
  /** What a check of the chain found, if one was asked for. */
  readonly verified?: { readonly entries: number; readonly head: string; readonly fault: string | null };
};

const addressOf = (filter: Partial<AuditFilter>, after?: string): string => {
  const given = Object.entries({ ...filter, after }).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return `/console/audit?${new URLSearchParams(given as [string, string][]).toString()}`;
};

/** The address of what was done to something, and who looked at it: `grant:ID` or `client:ID`. */
export const auditOf = (target: string): string => addressOf({ target });

/** The audit log, newest first: all of it, of one grant or client, or of one operator. */
export const auditPage = (visit: ConsoleVisit, data: AuditData): ConsolePage => {
  const { texts } = visit;
  return {
    title: texts.audit.title,
    part: 'audit',
    content: html`
      <header class="title">
        <h1>${texts.audit.title}</h1>
        <p class="lead">${texts.audit.lead}</p>
        <p class="actions">
          <a class="button" href="/api/v1/audit/export" download="audit.ndjson">${texts.audit.export}</a>
          <a class="button" href="/console/audit?verify=1">${texts.audit.verify}</a>
        </p>
      </header>
      ${data.verified !== undefined && renderVerified(visit, data.verified)}
      <section>${renderFilter(visit, data.filter)} ${renderEntries(visit, data)}</section>
    `,
  };
};

const renderVerified = (
  { texts }: ConsoleVisit,
  { entries, head, fault }: NonNullable<AuditData['verified']>,
): Content =>
  html`<p class="${fault === null ? 'notice' : 'notice bad'}" role="status">
    ${fault === null ? html`${texts.audit.whole(entries)} <code>${head}</code>` : texts.audit.broken(fault)}
  </p>`;

const renderFilter = ({ texts }: ConsoleVisit, { target, operatorId }: AuditFilter): Content =>
  html`<form class="filter" method="get" action="/console/audit" role="search">
    <p class="field">
      <label for="target">${texts.audit.about}</label>
      <input id="target" name="target" value="${target}" autocomplete="off" spellcheck="false" />
    </p>
    <p class="field">
      <label for="operator">${texts.audit.by}</label>
      <input id="operator" name="operatorId" value="${operatorId}" autocomplete="off" spellcheck="false" />
    </p>
    <p class="submit"><button class="secondary">${texts.find.filter}</button></p>
  </form>`;

const renderEntries = (visit: ConsoleVisit, { entries, next, filter }: AuditData): Content => {
  const { texts } = visit;
  const isFiltered = filter.target !== '' || filter.operatorId !== '';
  if (entries.length === 0)
    return html`<p class="empty">
      ${isFiltered ? texts.find.nothing : texts.audit.empty}
      ${isFiltered && html`<a href="/console/audit">${texts.audit.all}</a>`}
    </p>`;
  const { at, who, action, target, reason } = texts.audit;
  const rows = entries.map((entry) => [
    momentToTheSecond(visit, entry.at),
    html`<a href="${addressOf({ operatorId: entry.operator.id })}"><bdi>${entry.operator.name}</bdi></a>
      <span class="quiet">${texts.audit.kinds[entry.operator.kind]}</span>`,
    html`<code class="whole">${entry.action}</code> ${outcomeOf(visit, entry.outcome)}`,
    html`${entry.target === '' ? undefined : targetOf(entry.target)} ${renderDetails(visit, entry)}`,
    html`<bdi>${entry.reason === '' ? texts.none : entry.reason}</bdi>`,
  ]);
  return html`${table(texts.audit.title, [at, who, action, target, reason], rows)}
  ${
    (next !== null || isFiltered) &&
    html`<p class="more actions">
      ${next !== null && html`<a href="${addressOf(filter, next)}" rel="next">${texts.more}</a>`}
      ${isFiltered && html`<a href="/console/audit">${texts.audit.all}</a>`}
    </p>`
  }`;
};

const outcomeOf = ({ texts }: ConsoleVisit, outcome: AuditEntry['outcome']): Content => {
  if (outcome === 'not_done') return badge('warn', texts.audit.notDone);
  return outcome === 'seen' && badge('plain', texts.audit.seen);
};

const linkToGrant = (id: string): Content => html`<a href="/console/grants/${id}"><code>${id}</code></a> `;

const targetOf = (target: string): Content => {
  const [kind, id = ''] = target.split(':', 2);
  if (kind === 'grant') return linkToGrant(id);
  if (kind === 'client') return html`<a href="/console/clients/${id}"><code>${id}</code></a>`;
  return html`<code>${target}</code>`;
};

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const isIds = (value: unknown): value is readonly string[] =>
  isTexts(value) && value.every((one) => /^[0-9a-f]{16}$/.test(one));

/** Names and values, as in `by: vin, found: 1`. */
const inWords = (details: object): string =>
  Object.entries(details)
    .map(
      ([name, value]) =>
        `${name}: ${typeof value === 'string' || isTexts(value) ? String(value) : JSON.stringify(value)}`,
    )
    .join(', ');

/** What else an entry says: the grants that a search showed, or what was changed. */
const renderDetails = ({ texts }: ConsoleVisit, { details, target }: Entry): Content => {
  if (typeof details !== 'object' || details === null) return html`<bdi>${String(details)}</bdi>`;
  const { grants, ...rest } = details as Readonly<Record<string, unknown>>;
  const others = isIds(grants) ? rest : details;
  const isEmpty = Object.keys(others).length === 0;
  if (isEmpty && grants === undefined) return target === '' && texts.none;
  return html`${isIds(grants) && grants.map(linkToGrant)}
  ${!isEmpty && html`<span class="quiet"><bdi>${inWords(others)}</bdi></span>`}`;
};
