import type { Client } from '../../clients/client.ts';
import type { AuthorizationRequest } from '../../dialects/authorization.ts';
import { renderAgreement } from './agreement.ts';
import { renderEmblem, renderOrigin } from './app-header.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { fill, html } from './html.ts';
import type { Content } from './html.ts';
import { isolate, keepOnOneLine, nameClient } from './names.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import { sharedDataOf } from './shared-data.ts';
import { describeScope } from './permissions.ts';
import type { Owner } from '../sign-in/owner.ts';
import { signedInBar } from './sign-in-page.ts';
import { CHOICE_FORM_ID, renderChoice, renderChoiceError, renderDecision } from './vehicle-choice.ts';
import type { VehicleChoice } from './vehicle-choice.ts';

/** Asks an owner for consent: to which permissions and, unless a later request asks that, for which vehicles. */
export const consentPage = (
  pageContext: PageContext,
  {
    client,
    request,
    owner,
  }: { readonly client: Client; readonly request: AuthorizationRequest; readonly owner: Owner },
  form: RenderForm,
  { choice, hasError }: { readonly choice: VehicleChoice | undefined; readonly hasError: boolean },
): Page => {
  const { texts, make, makeName } = pageContext;
  const { consent, message } = texts;
  const name = nameClient(client);
  const heading = (slot: string): string =>
    choice === undefined
      ? consent.headingLater(slot, makeName)
      : consent.heading(slot, make === undefined ? undefined : makeName);
  return {
    status: hasError ? 400 : 200,
    title: hasError ? `${message.error}: ${consent.title(name)}` : consent.title(name),
    content: html`${hasError && choice !== undefined && renderChoiceError(pageContext, choice)}
      ${form(
        html`${renderEmblem(client)}
          <h1>${fill(heading, isolate(keepOnOneLine(name)))}</h1>
          ${renderOrigin(pageContext, client)}
          ${request.vehicleData !== undefined && renderAgreement(pageContext, request.vehicleData, client)}
          ${renderPermissions(pageContext, request.scope, client)}
          ${choice !== undefined && renderChoice(pageContext, choice, { hasError })}
          ${renderDecision(pageContext, choice, consent)}`,
        CHOICE_FORM_ID,
      )}
      <p class="note">${consent.returning(hostOf(request.redirectUri))} ${linkToOwnerPage(pageContext)}</p>
      ${signedInBar(pageContext, owner, form)}`,
    keptForm: CHOICE_FORM_ID,
  };
};

/** What a client may do with a scope, in words for owners. */
export const renderPermissions = (pageContext: PageContext, scope: string, client: Client): Content => {
  const { texts, makeName } = pageContext;
  const name = isolate(nameClient(client));
  if (scope === '')
    return html`<p class="lead">${texts.choosingLater(makeName)}</p>
      <div class="permissions">
        ${renderList(fill(texts.consent.reads, name), sharedDataOf(pageContext, client), 'reads')}
      </div>`;
  const { reads, controls } = describeScope(pageContext, client.dialect, scope);
  return html`<div class="permissions">
    ${renderList(fill(texts.consent.reads, name), reads, 'reads')}
    ${renderList(fill(texts.consent.controls, name), controls, 'controls', texts.consent.controlsNote)}
  </div>`;
};

const renderList = (heading: Content, entries: readonly string[], kind: string, note?: string): Content =>
  entries.length > 0 &&
  html`<section class="${kind}">
    <h2>${heading}</h2>
    <ul>
      ${entries.map((entry) => html`<li>${entry}</li>`)}
    </ul>
    ${note !== undefined && html`<p>${note}</p>`}
  </section>`;

/** Where an owner can remove access later. Opens in a new tab, because this page still waits for an answer. */
export const linkToOwnerPage = ({ texts, base }: PageContext): Content =>
  html`${texts.consent.removing}
    <a href="${base}/connect" target="_blank" rel="noopener">${texts.owner.title}</a>`;

/** The part of a redirect URI that owners can read: its host, or the scheme of an app that has no host. */
const hostOf = (uri: string): string => {
  const { host, protocol } = new URL(uri);
  return host === '' ? protocol.slice(0, -1) : host;
};

/** Says that the owner has no vehicle that the request is about. */
export const noVehiclesPage = (
  pageContext: PageContext,
  owner: Owner,
  name: string,
  form: RenderForm,
): Page => {
  const { texts, make, makeName } = pageContext;
  const { noVehicles } = texts;
  return {
    status: 200,
    title: noVehicles.title,
    content: html`<h1>${noVehicles.heading}</h1>
      <p>${noVehicles.text(make === undefined ? undefined : makeName)}</p>
      ${form(html`<div class="actions">${button('no_vehicles', fill(noVehicles.leave, isolate(name)), 'primary')}</div>`)}
      ${signedInBar(pageContext, owner, form)}`,
  };
};
