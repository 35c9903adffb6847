import type { EndedAccess, SharedAccess } from '../shared-access.ts';
import type { Owner } from '../sign-in/owner.ts';
import { renderAgreed } from './agreement-form.ts';
import { renderIcon, renderOrigin } from './app-header.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { fill, html } from './html.ts';
import type { Content } from './html.ts';
import { renderDay, renderMoment } from './moments.ts';
import { isolate, keepOnOneLine, nameClient, nameMake, nameVehicle } from './names.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import { describeScope } from './permissions.ts';
import { sharedDataOf } from './shared-data.ts';
import { describeOwner } from './sign-in-page.ts';
import { describeVehicle } from './vehicle-choice.ts';

/** What the owner has just done, for a notice at the top of the page. */
export const NOTICES = ['removed', 'vehicleRemoved', 'dataChanged', 'signedOut', 'signedOutHere'] as const;
export type Notice = (typeof NOTICES)[number];

/** The fields of the forms that remove something. An empty brand means none. */
export const REMOVAL_FIELDS = { client: 'client', brand: 'brand', vehicle: 'vehicle' } as const;

/** Longer lists are shown when the owner opens them. */
const LISTED_MAX = 5;

/** Lists what an owner shares, one card per client and brand, each with forms to remove a vehicle or all access. */
export const ownerPage = (
  pageContext: PageContext,
  {
    owner,
    shared,
    ended,
    notice,
    recordsPath,
  }: {
    readonly owner: Owner;
    readonly shared: readonly SharedAccess[];
    readonly ended: readonly EndedAccess[];
    readonly notice: Notice | undefined;
    /** Where the records of the consents are downloaded. */
    readonly recordsPath: string;
  },
  form: RenderForm,
): Page => {
  const { texts } = pageContext;
  return {
    status: 200,
    title: texts.owner.title,
    content: html`${renderNotice(pageContext, notice)}
      <h1>${texts.owner.title}</h1>
      <p class="lead">${shared.length === 0 ? texts.owner.nothing : texts.owner.lead}</p>
      ${shared.map((one, index) => renderShared(pageContext, one, { id: `app-${index + 1}`, form }))}
      ${ended.length > 0 && renderEnded(pageContext, ended, form)}
      <p class="note">
        ${texts.owner.recordsNote}
        <a href="${pageContext.base}${recordsPath}" download="consents.json">${texts.owner.records}</a>
      </p>
      <div class="account">
        <p>${describeOwner(owner, texts)}</p>
        ${form(button('sign_out', texts.signIn.signOut, 'quiet'))}
      </div>`,
  };
};

export const renderNotice = ({ texts }: PageContext, notice: Notice | undefined): Content =>
  notice !== undefined && html`<p class="notice" role="status">${texts.owner[notice]}</p>`;

/** How a card is identified in the page, and how its forms are made. */
type Card = { readonly id: string; readonly form: RenderForm };

const renderShared = (pageContext: PageContext, shared: SharedAccess, card: Card): Content => {
  const { texts } = pageContext;
  const { client, brand, sinceMs, lastUsedAtMs } = shared;
  const facts = [
    brand !== undefined && html`${nameMake(brand, texts)}`,
    fill(texts.owner.since, renderDay(pageContext, sinceMs)),
    lastUsedAtMs !== undefined && fill(texts.owner.lastUsed, renderDay(pageContext, lastUsedAtMs)),
  ].filter((fact) => fact !== false);
  return html`<article class="shared" aria-labelledby="${card.id}">
    <div class="app-line">
      ${renderIcon(client)}
      <div>
        <h2 id="${card.id}">${isolate(nameClient(client))}</h2>
        ${renderOrigin(pageContext, client)}
      </div>
    </div>
    <ul class="facts">
      ${facts.map((fact) => html`<li>${fact}</li>`)}
    </ul>
    ${shared.agreed.map((one) => renderAgreed(pageContext, one, client, card.form))}
    <h3>${texts.owner.vehicles}</h3>
    ${renderVehicles(pageContext, shared, card)} ${renderPermissions(pageContext, shared)}
    ${renderRemoval(pageContext, shared, card)}
  </article>`;
};

const renderVehicles = (pageContext: PageContext, shared: SharedAccess, { form }: Card): Content => {
  const { texts } = pageContext;
  const { vehicles, canRemoveVehicle } = shared;
  if (vehicles.length === 0) return html`<p>${texts.owner.noVehicles}</p>`;
  const list = html`<ul class="plain">
    ${vehicles.map((vehicle) => {
      const name = isolate(nameVehicle(vehicle, texts));
      return html`<li class="removable">
        ${describeVehicle(vehicle, texts)}
        ${
          canRemoveVehicle &&
          html`<details>
            <summary>${texts.owner.removeVehicle}<span class="unseen"> – ${name}</span></summary>
            <p>${fill(texts.owner.removeVehicleConsequence, isolate(nameClient(shared.client)))}</p>
            ${form(
              html`${renderFields(shared)}
                <input type="hidden" name="${REMOVAL_FIELDS.vehicle}" value="${vehicle.id}" />
                ${button('remove_vehicle', fill(texts.owner.removeVehicleFor, name), 'danger')}`,
            )}
          </details>`
        }
      </li>`;
    })}
  </ul>`;
  return foldIf(vehicles.length, texts.owner.manyVehicles, list);
};

/** A list, folded under its length if it is long. */
const foldIf = (length: number, summary: (count: number) => string, list: Content): Content =>
  length <= LISTED_MAX
    ? list
    : html`<details class="many">
        <summary>${summary(length)}</summary>
        ${list}
      </details>`;

const renderPermissions = (pageContext: PageContext, { scope, client }: SharedAccess): Content => {
  const { texts } = pageContext;
  const { reads, controls } =
    scope === ''
      ? { reads: sharedDataOf(pageContext, client), controls: [] }
      : describeScope(pageContext, client.dialect, scope);
  return [renderList(texts, texts.owner.canSee, reads), renderList(texts, texts.owner.canDo, controls)];
};

const renderList = (texts: PageContext['texts'], heading: string, entries: readonly string[]): Content => {
  if (entries.length === 0) return undefined;
  const list = html`<ul class="plain">
    ${entries.map((entry) => html`<li>${entry}</li>`)}
  </ul>`;
  return html`<h3>${heading}</h3>
    ${foldIf(entries.length, texts.owner.manyPermissions, list)}`;
};

const renderRemoval = (pageContext: PageContext, shared: SharedAccess, { form }: Card): Content => {
  const { texts } = pageContext;
  const { client, brand, offlineUntilMs } = shared;
  const name = nameClient(client);
  const make = brand === undefined ? undefined : nameMake(brand, texts);
  return html`<details>
    <summary>${texts.owner.remove}<span class="unseen"> – ${isolate(name)}</span></summary>
    <p>${fill((slot) => texts.owner.removeConsequence(slot, make), isolate(name))}</p>
    ${
      offlineUntilMs !== undefined &&
      html`<p>${fill(texts.owner.offline, renderMoment(pageContext, offlineUntilMs))}</p>`
    }
    ${form(
      html`${renderFields(shared)}
      ${button('remove', fill(texts.owner.removeFor, isolate(keepOnOneLine(name))), 'danger')}`,
    )}
  </details>`;
};

/** Which sharing a form is about. */
const renderFields = ({ client, brand }: Pick<SharedAccess, 'client' | 'brand'>): Content =>
  html`<input type="hidden" name="${REMOVAL_FIELDS.client}" value="${client.id}" />
    <input type="hidden" name="${REMOVAL_FIELDS.brand}" value="${brand ?? ''}" />`;

const renderEnded = (pageContext: PageContext, ended: readonly EndedAccess[], form: RenderForm): Content => {
  const { texts } = pageContext;
  return html`<section class="shared" aria-labelledby="ended">
    <h2 id="ended">${texts.owner.ended}</h2>
    <ul class="plain">
      ${ended.map((one) => {
        const { client, brand, worksUntilMs, works } = one;
        const name = nameClient(client);
        const until = works === 'offline' ? texts.owner.endedUntil : texts.owner.runsOutUntil;
        return html`<li>
          <span class="name">${isolate(name)}${brand !== undefined && ` · ${nameMake(brand, texts)}`}</span>
          <span class="detail">${fill(until, renderMoment(pageContext, worksUntilMs))}</span>
          ${
            works === 'everywhere' &&
            form(
              html`${renderFields(one)}
              ${button('remove', fill(texts.owner.removeFor, isolate(keepOnOneLine(name))), 'danger')}`,
            )
          }
        </li>`;
      })}
    </ul>
  </section>`;
};
