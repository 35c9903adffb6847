import type { viewClient } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import { CLIENTS_SEARCHED_MAX } from '../../operations/find-clients.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { badge, moment, table } from './parts.ts';

type Client = ReturnType<typeof viewClient>;

/** A page of clients. */
export type ClientsData = {
  readonly clients: readonly Client[];
  /** Where the next page begins; `null` on the last one. */
  readonly next: string | null;
  /** What is looked for in names and ids; empty for every client. */
  readonly text: string;
  /** Whether earlier pages were read. */
  readonly isLater: boolean;
};

/** A client by its name, or by its id where it has none. */
export const nameOfClient = ({ name, clientId }: Pick<Client, 'name' | 'clientId'>): string =>
  name === '' ? clientId : name;

/** Whether a client is enabled. */
export const stateOfClient = (
  { texts }: ConsoleVisit,
  { disabledAt, waitsForApproval }: Pick<Client, 'disabledAt' | 'waitsForApproval'>,
): Content =>
  waitsForApproval
    ? html`<a href="/console/registrations">${badge('warn', texts.registrations.title)}</a>`
    : disabledAt === null
      ? badge('good', texts.clients.enabled)
      : badge('bad', texts.clients.disabled);

/** The list of clients, page by page, with a search. */
export const clientsPage = (visit: ConsoleVisit, data: ClientsData): ConsolePage => {
  const { texts } = visit;
  return {
    title: texts.clients.title,
    part: 'clients',
    content: html`<header class="title"><h1>${texts.clients.title}</h1></header>
      <section>
        ${renderSearch(visit, data)} ${renderClients(visit, data)}
        ${
          visit.session.operator.role !== 'developer' &&
          html`<p class="more"><a href="/console/registrations">${texts.registrations.title}</a></p>`
        }
      </section>`,
  };
};

/** Where everything is on one page, there is nothing to search. */
const renderSearch = ({ texts }: ConsoleVisit, { text, next, isLater }: ClientsData): Content =>
  (text !== '' || next !== null || isLater) &&
  html`<form class="filter" method="get" action="/console/clients" role="search">
    <p class="field">
      <label for="text">${texts.clients.search}</label>
      <input id="text" name="text" value="${text}" maxlength="200" autocomplete="off" spellcheck="false" />
    </p>
    <p class="submit"><button class="secondary">${texts.find.go}</button></p>
  </form>`;

const renderClients = (visit: ConsoleVisit, { clients, next, text, isLater }: ClientsData): Content => {
  const { texts } = visit;
  const query = new URLSearchParams({ ...(text !== '' && { text }), after: next ?? '' });
  const more =
    next !== null &&
    html`<p class="more"><a href="/console/clients?${query.toString()}" rel="next">${texts.more}</a></p>`;
  if (clients.length === 0) {
    const nothing = text !== '' || isLater ? texts.find.nothing : texts.clients.empty;
    return html`<p class="empty">
        ${next === null ? nothing : texts.clients.nothingAmong(CLIENTS_SEARCHED_MAX)}
        ${text !== '' && html`<a href="/console/clients">${texts.clients.all}</a>`}
      </p>
      ${more}`;
  }
  const columns = [
    texts.clients.name,
    texts.clients.dialect,
    texts.clients.type,
    texts.clients.secrets,
    texts.client.created,
    texts.clients.state,
  ];
  const rows = clients.map((client) => [
    html`<a href="/console/clients/${client.clientId}"><bdi>${nameOfClient(client)}</bdi></a>
      ${client.name !== '' && html`<code class="quiet id">${client.clientId}</code>`}`,
    client.dialect,
    texts.clients.types[client.type],
    client.type === 'confidential' ? client.secrets.length : texts.none,
    moment(visit, client.createdAt),
    stateOfClient(visit, client),
  ]);
  return html`${table(texts.clients.title, columns, rows)} ${more}`;
};
