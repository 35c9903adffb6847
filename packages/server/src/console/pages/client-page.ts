import type { viewClient, viewSecret } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { bars } from './bars.ts';
import { age, badge, change, facts, moment, table } from './parts.ts';

type Client = ReturnType<typeof viewClient>;
type Secret = ReturnType<typeof viewSecret>;

/** The list of clients. */
export const clientsPage = (visit: ConsoleVisit, clients: readonly Client[]): ConsolePage => {
  const { texts } = visit;
  const columns = [
    texts.clients.name,
    texts.clients.dialect,
    texts.clients.type,
    texts.clients.secrets,
    texts.clients.state,
  ];
  const rows = clients.map((client) => [
    html`<a href="/console/clients/${client.clientId}"
      ><bdi>${client.name === '' ? client.clientId : client.name}</bdi></a
    >`,
    client.dialect,
    client.type,
    client.type === 'public' ? texts.none : client.secrets.length,
    stateOf(visit, client),
  ]);
  return {
    title: texts.clients.title,
    part: 'clients',
    content: html`<header class="title"><h1>${texts.clients.title}</h1></header>
      <section>
        ${
          clients.length === 0
            ? html`<p class="empty">${texts.clients.empty}</p>`
            : table(texts.clients.title, columns, rows)
        }
      </section>`,
  };
};

const stateOf = ({ texts }: ConsoleVisit, { disabledAt }: Client): Content =>
  disabledAt === null ? badge('good', texts.clients.enabled) : badge('bad', texts.clients.disabled);

/** A client with its secrets, and a new secret where one was just made. */
export const clientPage = (
  visit: ConsoleVisit,
  client: Client,
  { uses, made }: { readonly uses: readonly number[]; readonly made?: { readonly clientSecret: string } },
): ConsolePage => {
  const { texts } = visit;
  const path = `/console/clients/${client.clientId}`;
  return {
    title: client.name,
    part: 'clients',
    content: html`
      <header class="title">
        <p class="over">${texts.grant.client}</p>
        <h1><bdi>${client.name === '' ? client.clientId : client.name}</bdi></h1>
        <p>
          ${stateOf(visit, client)}
          <a href="/console?clientId=${client.clientId}">${texts.client.grants(client.grants ?? 0)}</a>
        </p>
      </header>
      ${made !== undefined && renderMade(visit, made.clientSecret)}
      <section>
        <h2>${texts.client.secrets}</h2>
        ${
          client.type === 'public'
            ? html`<p class="quiet">${texts.client.publicClient}</p>`
            : renderSecrets(visit, client, path)
        }
      </section>
      ${renderUses(visit, uses)}
      <section>
        <h2>${texts.client.redirects}</h2>
        ${
          client.redirectUris.length === 0
            ? html`<p class="quiet">${texts.client.noRedirects}</p>`
            : html`<ul class="uris">
                ${client.redirectUris.map((uri, index) => html`<li><code>${uri}</code> ${visit.may('clients.write') && renderRemoval(visit, { uri, index, path })}</li>`)}
              </ul>`
        }
        ${
          visit.may('clients.write') &&
          change(visit, {
            id: 'why-uri',
            action: `${path}/redirect-uris`,
            title: texts.client.addUri,
            fields: html`<p class="field wide">
              <label for="uri">${texts.client.uri}</label>
              <input id="uri" name="uri" type="url" required maxlength="2000" />
            </p>`,
          })
        }
      </section>
      <section>
        <h2>${texts.client.policy}</h2>
        ${facts([
          [texts.live.client, html`<code>${client.clientId}</code>`],
          [texts.clients.dialect, client.dialect],
          [texts.clients.type, client.type],
          [texts.client.created, moment(visit, client.createdAt)],
          ...keyFacts(visit, client),
          ...Object.entries(client.policy).map(
            ([name, value]) => [name, policyValue(visit, name, value)] as const,
          ),
        ])}
      </section>
      ${visit.may('clients.write') && renderSwitch(visit, client, path)}
    `,
  };
};

const renderUses = ({ texts }: ConsoleVisit, uses: readonly number[]): Content => {
  const total = uses.reduce((sum, count) => sum + count, 0);
  return html`<section>
    <h2>${texts.client.uses}</h2>
    ${
      total === 0
        ? html`<p class="quiet">${texts.client.noUses}</p>`
        : html`<p class="uses">
              <strong>${texts.client.usesTotal(total)}</strong> ${bars(uses, texts.client.usesChart)}
            </p>
            <p class="hint">${texts.client.usesHint}</p>`
    }
  </section>`;
};

const renderRemoval = (
  visit: ConsoleVisit,
  { uri, index, path }: { readonly uri: string; readonly index: number; readonly path: string },
): Content =>
  change(visit, {
    id: `why-uri-${index}`,
    action: `${path}/redirect-uris/remove`,
    title: visit.texts.client.removeUri,
    kind: 'danger',
    fields: html`<input type="hidden" name="uri" value="${uri}" />`,
  });

/** The keys by which the client authenticates, by their ids, or where it publishes them. */
const keyFacts = (
  { texts }: ConsoleVisit,
  { jwks, jwksUri }: Client,
): readonly (readonly [string, Content])[] => {
  if (jwksUri !== null) return [[texts.client.keys, html`<code>${jwksUri}</code>`]];
  if (jwks === null) return [];
  const names = jwks.keys.map(({ kid, kty, crv = '' }) => kid ?? `${kty} ${crv}`.trim());
  return [[texts.client.keys, html`<bdi>${names.join(', ')}</bdi>`]];
};

/** Lifetimes are shown in words too. */
const policyValue = ({ texts }: ConsoleVisit, name: string, value: unknown): Content => {
  if (value === null || value === '') return texts.none;
  if (name.endsWith('Seconds') && typeof value === 'number' && value >= 120)
    return html`${value} <span class="quiet">${texts.duration(value)}</span>`;
  return html`<bdi>${typeof value === 'string' ? value : JSON.stringify(value)}</bdi>`;
};

const renderMade = ({ texts }: ConsoleVisit, clientSecret: string): Content =>
  html`<section class="made" role="status">
    <p>${texts.client.shownOnce}</p>
    <p>
      <code class="secret" id="made">${clientSecret}</code>
      <button
        class="secondary copy"
        type="button"
        data-copy="made"
        data-copied="${texts.client.copied}"
        hidden
      >
        ${texts.client.copy}
      </button>
    </p>
  </section>`;

const renderSecrets = (visit: ConsoleVisit, client: Client, path: string): Content => {
  const { texts } = visit;
  const mayWrite = visit.may('secrets.write');
  const columns = [
    texts.client.name,
    texts.client.lastUsed,
    texts.client.created,
    texts.client.expires,
    ...(mayWrite ? [texts.client.remove] : []),
  ];
  const row = (secret: Secret): readonly Content[] => [
    html`<bdi>${secret.name === '' ? secret.secretId : secret.name}</bdi>`,
    age(visit, secret.lastUsedAt),
    moment(visit, secret.createdAt),
    secret.expiresAt === null ? texts.never : moment(visit, secret.expiresAt),
    ...(mayWrite
      ? [
          client.secrets.length > 1
            ? change(visit, {
                id: `why-${secret.secretId}`,
                action: `${path}/secrets/${secret.secretId}/remove`,
                title: texts.client.remove,
                kind: 'danger',
              })
            : texts.none,
        ]
      : []),
  ];
  return html`<p class="hint">${texts.client.secretsHint}</p>
    ${table(texts.client.secrets, columns, client.secrets.map(row))}
    ${
      mayWrite &&
      change(visit, {
        id: 'why-add',
        action: `${path}/secrets`,
        title: texts.client.add,
        kind: 'primary',
        fields: html`<input type="hidden" name="once" value="${visit.request.requestId}" />
          <p class="field">
            <label for="secret-name">${texts.client.name}</label>
            <input id="secret-name" name="name" maxlength="100" autocomplete="off" />
          </p>
          <p class="field">
            <label for="days">${texts.client.days}</label>
            <input
              id="days"
              name="days"
              inputmode="numeric"
              pattern="[0-9]{1,4}"
              autocomplete="off"
              placeholder="${texts.client.daysHint}"
            />
          </p>`,
      })
    }`;
};

const renderSwitch = (visit: ConsoleVisit, { disabledAt }: Client, path: string): Content => {
  const { texts } = visit;
  return html`<section>
    ${
      disabledAt === null
        ? change(visit, {
            id: 'why-disable',
            action: `${path}/disable`,
            title: texts.client.disable,
            hint: texts.client.disableHint,
            kind: 'danger',
          })
        : change(visit, {
            id: 'why-enable',
            action: `${path}/enable`,
            title: texts.client.enable,
            kind: 'primary',
          })
    }
  </section>`;
};
