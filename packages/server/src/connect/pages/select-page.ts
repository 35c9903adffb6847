import type { Client } from '../../clients/client.ts';
import { renderEmblem, renderOrigin } from './app-header.ts';
import { linkToOwnerPage } from './consent-page.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { fill, html } from './html.ts';
import type { Content } from './html.ts';
import { isolate, keepOnOneLine, nameClient } from './names.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import type { Owner } from '../sign-in/owner.ts';
import { sharedDataOf } from './shared-data.ts';
import { signedInBar } from './sign-in-page.ts';
import { CHOICE_FORM_ID, renderChoice, renderChoiceError, renderDecision } from './vehicle-choice.ts';
import type { VehicleChoice } from './vehicle-choice.ts';

/** Asks which vehicles to share with a client that already has access to the account. */
export const selectPage = (
  pageContext: PageContext,
  { owner, client }: { readonly owner: Owner; readonly client: Client },
  form: RenderForm,
  { choice, hasError }: { readonly choice: VehicleChoice; readonly hasError: boolean },
): Page => {
  const { texts, makeName } = pageContext;
  const { select, message } = texts;
  return {
    status: hasError ? 400 : 200,
    title: hasError ? `${message.error}: ${select.title}` : select.title,
    content: html`${hasError && renderChoiceError(pageContext, choice)}
      ${form(
        html`${renderEmblem(client)}
          <h1>${fill(select.heading, isolate(keepOnOneLine(nameClient(client))))}</h1>
          ${renderOrigin(pageContext, client)}
          <p class="lead">${select.lead}</p>
          ${renderSharedData(pageContext, client)}
          ${renderChoice(pageContext, choice, { hasError, legend: select.vehicles(makeName) })}
          ${renderDecision(pageContext, choice, select)}`,
        CHOICE_FORM_ID,
      )}
      <p class="note">${linkToOwnerPage(pageContext)}</p>
      ${signedInBar(pageContext, owner, form)}`,
    keptForm: CHOICE_FORM_ID,
  };
};

/** The owner has read this before, on the consent page. */
const renderSharedData = (pageContext: PageContext, client: Client): Content => {
  const { texts } = pageContext;
  return html`<details class="many data">
    <summary>${fill(texts.consent.reads, isolate(nameClient(client)))}</summary>
    <ul>
      ${sharedDataOf(pageContext, client).map((entry) => html`<li>${entry}</li>`)}
    </ul>
  </details>`;
};

/** Says that the link belongs to another owner than the one who is signed in. */
export const otherAccountPage = ({ texts }: PageContext, form: RenderForm): Page => ({
  status: 403,
  title: texts.signIn.otherAccountHeading,
  content: html`<h1>${texts.signIn.otherAccountHeading}</h1>
    <p>${texts.signIn.otherAccountText}</p>
    ${form(html`<div class="actions">${button('switch', texts.signIn.switch, 'primary')}</div>`)}`,
});
