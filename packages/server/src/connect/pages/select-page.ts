import { linkToEnd } from './consent-page.ts';
import { button } from './form.ts';
import type { WriteForm } from './form.ts';
import { html } from './html.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import type { Owner } from '../sign-in/owner.ts';
import { signedInBar } from './sign-in-page.ts';
import { writeChoice, writeChoiceError } from './vehicle-choice.ts';
import type { VehicleChoice } from './vehicle-choice.ts';

/** Which vehicles a client that an owner already let in may use. */
export const selectPage = (
  pageContext: PageContext,
  { owner, clientName }: { readonly owner: Owner; readonly clientName: string },
  form: WriteForm,
  { choice, hasError }: { readonly choice: VehicleChoice; readonly hasError: boolean },
): Page => {
  const { texts, makeName } = pageContext;
  const { select, consent, message } = texts;
  return {
    status: hasError ? 400 : 200,
    title: hasError ? `${message.error}: ${select.title}` : select.title,
    content: html`${hasError && writeChoiceError(pageContext, choice)}
      <h1>${select.heading(clientName)}</h1>
      <p class="lead">${select.lead(makeName)}</p>
      ${form(
        html`${writeChoice(pageContext, choice, { hasError, legend: consent.vehicles })}
          <div class="actions">
            ${button('agree', select.agree, 'primary')} ${button('decline', select.decline, 'secondary')}
          </div>`,
      )}
      <p class="note">${linkToEnd(pageContext)}</p>
      ${signedInBar(pageContext, owner, form)}`,
  };
};

/** The owner that is signed in is not the one who is asked. */
export const otherOwnerPage = ({ texts }: PageContext, form: WriteForm): Page => ({
  status: 403,
  title: texts.signIn.otherHeading,
  content: html`<h1>${texts.signIn.otherHeading}</h1>
    <p>${texts.signIn.otherText}</p>
    ${form(html`<div class="actions">${button('switch', texts.signIn.switch, 'primary')}</div>`)}`,
});
