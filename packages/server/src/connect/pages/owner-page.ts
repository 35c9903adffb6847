import type { Client } from '../../clients/client.ts';
import { allowedScopeOf } from '../../grants/access-scope.ts';
import type { Grant } from '../../grants/grant.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { writeGrantId } from '../../tokens/grant-id.ts';
import { keepOnOneLine, nameClient, nameMake } from './names.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import { describeScope } from './permissions.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { Language } from './texts.ts';
import { describeOwner } from './sign-in-page.ts';
import { describeVehicle } from './vehicle-choice.ts';

/** An active grant, with its client and vehicles. */
export type SharedGrant = {
  readonly grant: Grant;
  readonly client: Client;
  readonly vehicles: readonly Vehicle[];
};

/** What the owner has just done, for a notice at the top of the page. */
export const NOTICES = ['removed', 'signedOut'] as const;
export type Notice = (typeof NOTICES)[number];

/** Lists the grants of an owner, each with a form to remove access. */
export const ownerPage = (
  pageContext: PageContext,
  {
    owner,
    shared,
    notice,
  }: { readonly owner: Owner; readonly shared: readonly SharedGrant[]; readonly notice: Notice | undefined },
  form: RenderForm,
): Page => {
  const { texts } = pageContext;
  return {
    status: 200,
    title: texts.owner.title,
    content: html`${renderNotice(pageContext, notice)}
      <h1>${texts.owner.title}</h1>
      <p class="lead">${shared.length === 0 ? texts.owner.nothing : texts.owner.lead}</p>
      ${shared.map((one) => renderShared(pageContext, one, form))}
      <div class="account">
        <p>${describeOwner(owner, texts)}</p>
        ${form(button('sign_out', texts.signIn.signOut, 'quiet'))}
      </div>`,
  };
};

export const renderNotice = ({ texts }: PageContext, notice: Notice | undefined): Content =>
  notice !== undefined && html`<p class="notice" role="status">${texts.owner[notice]}</p>`;

const createDateFormat = (language: Language): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
/** Created once: creating a formatter costs more than everything else in an entry. */
const DATE_FORMATS: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: createDateFormat('en'),
  ko: createDateFormat('ko'),
};

const renderShared = (
  pageContext: PageContext,
  { grant, client, vehicles }: SharedGrant,
  form: RenderForm,
): Content => {
  const { texts, language } = pageContext;
  const name = nameClient(client);
  const id = writeGrantId(grant.id);
  const make = grant.brand === undefined ? undefined : nameMake(grant.brand, texts);
  return html`<article class="shared" aria-labelledby="grant-${id}">
    <h2 id="grant-${id}">${name}</h2>
    <p class="since">
      ${make !== undefined && html`${make} · `}${texts.owner.since(DATE_FORMATS[language].format(grant.createdAtMs))}
    </p>
    ${renderPermissions(pageContext, client.dialect, allowedScopeOf(grant, client.policy))}
    <h3>${texts.owner.vehicles}</h3>
    ${
      vehicles.length === 0
        ? html`<p>${texts.owner.noVehicles}</p>`
        : html`<ul class="plain">
            ${vehicles.map((vehicle) => html`<li>${describeVehicle(vehicle, texts)}</li>`)}
          </ul>`
    }
    <details>
      <summary>${texts.owner.remove}<span class="unseen"> – ${name}</span></summary>
      <p>${texts.owner.removeConsequence(name)}</p>
      ${form(
        html`<input type="hidden" name="grant" value="${id}" />
          ${button('remove', texts.owner.removeFor(keepOnOneLine(name)), 'danger')}`,
      )}
    </details>
  </article>`;
};

const renderPermissions = (pageContext: PageContext, dialect: string, scope: string): Content => {
  const { texts } = pageContext;
  const { reads, controls } = describeScope(pageContext, dialect, scope);
  return [renderList(texts.owner.canSee, reads), renderList(texts.owner.canDo, controls)];
};

const renderList = (heading: string, entries: readonly string[]): Content =>
  entries.length > 0 &&
  html`<h3>${heading}</h3>
    <ul class="plain">
      ${entries.map((entry) => html`<li>${entry}</li>`)}
    </ul>`;
