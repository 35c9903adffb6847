import type { viewFound, viewGrant } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { STATUS_BADGES } from './grant-page.ts';
import { age, badge, formTo, orHidden, table } from './parts.ts';

/** What a search found has its vehicles. */
type Grant = ReturnType<typeof viewGrant> & Partial<Pick<ReturnType<typeof viewFound>, 'vehicles'>>;

/** What may be searched for by its kind; `any` tries what the text looks like. */
const FIND_KINDS = ['any', 'subject', 'vin', 'requestId', 'token'] as const;

const STATUSES = ['active', 'expired', 'revoked'] as const;

type NextSearch = { readonly text: string; readonly kind: string; readonly after: string };

export type FindPageData = {
  readonly grants: readonly Grant[];
  /** The address of the next page. */
  readonly next: string | undefined;
  /** What is searched for again for the next page of an answer. */
  readonly nextSearch?: NextSearch | undefined;
  /** Whether it is the answer to a search. */
  readonly isFound: boolean;
  /** What was searched for, unless it may be a token. */
  readonly searched?: string;
  readonly filter: { readonly clientId: string; readonly status: string };
};

/** The search, and a list of grants. */
export const findPage = (visit: ConsoleVisit, data: FindPageData): ConsolePage => {
  const { texts } = visit;
  return {
    title: texts.find.title,
    part: 'find',
    content: html`
      <header class="title">
        <h1>${texts.find.title}</h1>
        ${visit.may('owners.read') && html`<p class="lead">${texts.find.lead}</p>`}
      </header>
      ${visit.may('owners.read') && renderSearch(visit, data.searched ?? '')}
      ${!visit.may('owners.read') && visit.may('tokens.open') && renderTokenSearch(visit)}
      <section>
        <h2>
          ${data.isFound ? texts.find.results(data.grants.length, data.nextSearch !== undefined) : texts.find.newest}
        </h2>
        ${!data.isFound && renderFilter(visit, data.filter)} ${renderGrants(visit, data)}
      </section>
    `,
  };
};

const renderSearch = (visit: ConsoleVisit, searched: string): Content => {
  const { texts } = visit;
  return formTo(
    visit,
    '/console/find',
    html`<p class="field wide">
        <label for="find">${texts.find.label}</label>
        <input
          id="find"
          name="text"
          value="${searched}"
          required
          maxlength="4096"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
        />
      </p>
      <p class="field">
        <label for="kind">${texts.find.by}</label>
        <select id="kind" name="kind">
          ${FIND_KINDS.map((kind) => html`<option value="${kind}">${texts.find.kinds[kind]}</option>`)}
        </select>
      </p>
      <p class="submit"><button class="primary">${texts.find.go}</button></p>`,
    'search',
  );
};

/** For those who see no owners: only by a token that they hold. */
export const renderTokenSearch = (visit: ConsoleVisit): Content => {
  const { texts } = visit;
  return formTo(
    visit,
    '/console/find',
    html`<p class="field wide">
        <label for="token">${texts.find.token}</label>
        <input id="token" name="text" required maxlength="4096" autocomplete="off" spellcheck="false" />
        <input type="hidden" name="kind" value="token" />
      </p>
      <p class="submit"><button class="primary">${texts.find.go}</button></p>`,
    'search',
  );
};

const renderFilter = ({ texts }: ConsoleVisit, { clientId, status }: FindPageData['filter']): Content =>
  html`<form class="filter" method="get" action="/console">
    <p class="field">
      <label for="client">${texts.live.client}</label>
      <input id="client" name="clientId" value="${clientId}" autocomplete="off" spellcheck="false" />
    </p>
    <p class="field">
      <label for="status">${texts.clients.state}</label>
      <select id="status" name="status">
        <option value="">${texts.find.all}</option>
        ${STATUSES.map(
          (one) =>
            html`<option value="${one}" ${one === status && html`selected`}>
              ${texts.grant.status[one]}
            </option>`,
        )}
      </select>
    </p>
    <p class="submit"><button class="secondary">${texts.find.filter}</button></p>
  </form>`;

const renderGrants = (visit: ConsoleVisit, { grants, next, nextSearch, isFound }: FindPageData): Content => {
  const { texts } = visit;
  if (grants.length === 0 && next === undefined)
    return html`<p class="empty">${isFound ? texts.find.nothingHint : texts.find.nothing}</p>`;
  const columns = [
    texts.clients.state,
    ...(isFound ? [texts.grant.vehicles] : []),
    texts.grant.owner,
    texts.grant.client,
    texts.grant.refreshed,
    texts.grant.id,
  ];
  const rows = grants.map((grant) => [
    badge(STATUS_BADGES[grant.status], texts.grant.status[grant.status]),
    ...(isFound ? [renderVehicles(visit, grant)] : []),
    orHidden(visit, grant.subject),
    html`<bdi>${grant.clientName}</bdi>`,
    age(visit, grant.rotatedAt),
    html`<a href="/console/grants/${grant.grantId}"><code>${grant.grantId}</code></a>`,
  ]);
  return html`${table(texts.find.newest, columns, rows)}
  ${next !== undefined && html`<p class="more"><a href="${next}" rel="next">${texts.more}</a></p>`}
  ${nextSearch !== undefined && renderNextSearch(visit, nextSearch)}`;
};

const nameOf = ({ make, model, year, nickname }: NonNullable<Grant['vehicles']>[number]): string =>
  `${make} ${model} ${year}${nickname === null || nickname === '' ? '' : ` (${nickname})`}`;

/** By what the owner calls it; the link leads to its grant. */
const renderVehicles = ({ texts }: ConsoleVisit, { grantId, vehicles = [] }: Grant): Content =>
  vehicles.length === 0
    ? texts.none
    : html`<a href="/console/grants/${grantId}"><bdi>${vehicles.map(nameOf).join(', ')}</bdi></a>`;

const renderNextSearch = (visit: ConsoleVisit, search: NextSearch): Content =>
  formTo(
    visit,
    '/console/find',
    html`${Object.entries(search).map(
        ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
      )}
      <p class="more"><button class="secondary">${visit.texts.more}</button></p>`,
  );
