import type { Client } from '../../clients/client.ts';
import type { Seconds } from '../../clock.ts';
import type { DeviceRequest } from '../../grants/device-request.ts';
import { showUserCode } from '../../grants/user-code.ts';
import type { Owner } from '../sign-in/owner.ts';
import { renderEmblem, renderOrigin } from './app-header.ts';
import { linkToOwnerPage, renderPermissions } from './consent-page.ts';
import type { RenderForm } from './form.ts';
import { fill, html } from './html.ts';
import { isolate, keepOnOneLine, nameClient } from './names.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import { signedInBar } from './sign-in-page.ts';
import { CHOICE_FORM_ID, renderChoice, renderChoiceError, renderDecision } from './vehicle-choice.ts';
import type { VehicleChoice } from './vehicle-choice.ts';

/** Where owners enter the code of a device. Short, because people type it. */
export const DEVICE_PATH = '/device';

/** Why an owner is asked for a code again. */
export type CodeFault = 'wrong' | 'over' | 'tooMany';

const STATUS = { wrong: 400, over: 400, tooMany: 429 } as const satisfies Record<CodeFault, number>;

/** Asks for the code that a device shows. The form leads to the address that a QR code has too, so it is a plain GET. */
export const deviceCodePage = (
  { texts, base }: PageContext,
  { fault, retryAfterSeconds }: { readonly fault?: CodeFault; readonly retryAfterSeconds?: Seconds } = {},
  lang?: string,
): Page => {
  const { device, message } = texts;
  return {
    status: fault === undefined ? 200 : STATUS[fault],
    title: fault === undefined ? device.title : `${message.error}: ${device.title}`,
    headers: retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) },
    content: html`${
        fault !== undefined &&
        html`<div class="problem" role="alert">
          <h2>${message.problem}</h2>
          <p><a href="#user-code">${device.faults[fault]}</a></p>
        </div>`
      }
      <h1>${device.heading}</h1>
      <form method="get" action="${base}${DEVICE_PATH}">
        ${lang !== undefined && html`<input type="hidden" name="lang" value="${lang}" />`}
        <p>
          <label for="user-code">${device.code}</label>
          <input
            class="search user-code"
            id="user-code"
            name="user_code"
            required
            maxlength="64"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
            aria-describedby="user-code-hint"
          />
        </p>
        <p id="user-code-hint" class="note">${device.hint}</p>
        <div class="actions"><button class="primary">${device.next}</button></div>
      </form>`,
  };
};

/** Asks an owner for consent to what a device asks for, and whether it is the device in front of them. */
export const deviceConsentPage = (
  pageContext: PageContext,
  {
    client,
    request,
    owner,
  }: { readonly client: Client; readonly request: DeviceRequest; readonly owner: Owner },
  form: RenderForm,
  { choice, hasError }: { readonly choice: VehicleChoice; readonly hasError: boolean },
): Page => {
  const { consent, message, device } = pageContext.texts;
  const name = nameClient(client);
  return {
    status: hasError ? 400 : 200,
    title: hasError ? `${message.error}: ${consent.title(name)}` : consent.title(name),
    content: html`${hasError && renderChoiceError(pageContext, choice)}
      ${form(
        html`${renderEmblem(client)}
          <h1>${fill((slot) => consent.heading(slot, undefined), isolate(keepOnOneLine(name)))}</h1>
          ${renderOrigin(pageContext, client)}
          <section class="device-code">
            <h2>${device.compare}</h2>
            <p class="shown-code" translate="no">${showUserCode(request.userCode)}</p>
            <p>${device.warning}</p>
          </section>
          ${renderPermissions(pageContext, request.scope, client)}
          ${renderChoice(pageContext, choice, { hasError })}
          ${renderDecision(pageContext, choice, { agree: device.agree, decline: consent.decline })}`,
        CHOICE_FORM_ID,
      )}
      <p class="note">${linkToOwnerPage(pageContext)}</p>
      ${signedInBar(pageContext, owner, form)}`,
    keptForm: CHOICE_FORM_ID,
  };
};

/** Says that the owner has decided, and that the rest happens at the device. */
export const deviceDonePage = (
  pageContext: PageContext,
  client: Client,
  outcome: 'approved' | 'declined',
): Page => {
  const { title, heading, text } = pageContext.texts.device[outcome];
  return {
    status: 200,
    title,
    content: html`<div class="message" role="status">
        <h1>${fill(heading, isolate(keepOnOneLine(nameClient(client))))}</h1>
        <p>${text}</p>
      </div>
      ${outcome === 'approved' && html`<p class="note">${linkToOwnerPage(pageContext)}</p>`}`,
  };
};
