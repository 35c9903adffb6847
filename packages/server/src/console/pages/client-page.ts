import type { viewClient } from '../../admin/api/views.ts';
import { html } from '../../connect/pages/html.ts';
import type { Content } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';
import { auditOf } from './audit-page.ts';
import { bars } from './bars.ts';
import { renderTokenSearch } from './find-page.ts';
import { renderSecrets } from './client-secrets.ts';
import { renderHealth } from './health.ts';
import type { Health } from './health.ts';
import { nameOfClient, stateOfClient } from './clients-page.ts';
import { above, change, facts, moment } from './parts.ts';
import { secretOnce } from './secret-once.ts';

type Client = ReturnType<typeof viewClient>;

/** A client with its secrets, and a new secret where one was just made. */
export const clientPage = (
  visit: ConsoleVisit,
  client: Client,
  {
    uses,
    health,
    made,
  }: {
    readonly uses: readonly number[];
    readonly health: Health;
    readonly made?: { readonly clientSecret: string };
  },
): ConsolePage => {
  const { texts } = visit;
  const path = `/console/clients/${client.clientId}`;
  // A developer of one client has no list: this is the whole project.
  const isOnly = visit.session.operator.clientIds?.length === 1;
  return {
    title: nameOfClient(client),
    part: 'clients',
    isBelow: !isOnly,
    content: html`
      <header class="title">
        ${isOnly ? html`<p class="over">${texts.grant.client}</p>` : above(['/console/clients', texts.clients.title], texts.grant.client)}
        <h1><bdi>${nameOfClient(client)}</bdi></h1>
        <p>
          ${stateOfClient(visit, client)}
          <a href="/console?clientId=${client.clientId}"
            >${texts.client.grants(health.grants, health.hasMoreGrants)}</a
          >
        </p>
      </header>
      ${made !== undefined && secretOnce(visit, texts.client.shownOnce, made.clientSecret)}
      ${renderHealth(visit, client.clientId, health)}
      ${!visit.may('owners.read') && visit.may('tokens.open') && renderTokenSearch(visit)}
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
                ${client.redirectUris.map((uri, index) => html`<li><code>${uri}</code> ${visit.may('redirects.write') && renderRemoval(visit, { uri, index, path })}</li>`)}
              </ul>`
        }
        ${
          visit.may('redirects.write') &&
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
          [texts.clients.type, texts.clients.types[client.type]],
          [texts.client.created, moment(visit, client.createdAt)],
          ...keyFacts(visit, client),
          ...Object.entries(client.policy).map(
            ([name, value]) => [name, policyValue(visit, name, value)] as const,
          ),
        ])}
        ${visit.may('audit.read') && html`<p class="more"><a href="${auditOf(`client:${client.clientId}`)}">${texts.audit.ofThis}</a></p>`}
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
