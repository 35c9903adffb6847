import type { Vehicle } from '../../grants/vehicle.ts';
import { DEMO_OWNERS } from '../sign-in/demo-owners.ts';
import { isolate, keepOnOneLine, nameMake, showName } from './names.ts';
import { button } from './form.ts';
import type { RenderForm } from './form.ts';
import { fill, html } from './html.ts';
import type { Content } from './html.ts';
import type { Page } from './page.ts';
import type { PageContext } from './page-context.ts';
import type { Owner } from '../sign-in/owner.ts';

/** The ways in which an owner can sign in for a request. */
export type SignInMethods = { readonly simulated: boolean; readonly real: boolean };

/** Offers the ways to sign in. `canCancel`: a client waits for an answer, so the owner can decline. */
export const signInPage = (
  { texts }: PageContext,
  methods: SignInMethods,
  form: RenderForm,
  { canCancel, lead }: { readonly canCancel: boolean; readonly lead?: Content },
): Page => {
  const { signIn } = texts;
  const heading = methods.simulated ? signIn.demoHeading : signIn.title;
  const upstream = methods.real && button('sign_in_upstream', signIn.upstream, 'primary');
  return {
    status: 200,
    title: heading,
    content: html`<h1>${lead === undefined ? heading : texts.owner.title}</h1>
      ${lead}
      ${
        methods.simulated &&
        html`${lead !== undefined && html`<h2>${heading}</h2>`}
          <p>${signIn.demoLead}</p>
          ${form(
            html`<input type="hidden" name="action" value="sign_in" />
              <ul class="choices">
                ${DEMO_OWNERS.map(
                  ({ id, vehicles }) =>
                    html`<li>
                      <button class="choice" name="owner" value="${id}">
                        <span class="name">${signIn.owner(Number(id))}</span>
                        <span class="detail">${listVehicles(vehicles, texts)}</span>
                      </button>
                    </li>`,
                )}
              </ul>`,
          )}`
      }
      ${methods.simulated && methods.real && html`<p class="or">${signIn.or}</p>`}
      ${upstream !== false && form(html`<p class="actions">${upstream}</p>`)}
      ${canCancel && form(html`<p class="actions">${button('decline', signIn.cancel, 'secondary')}</p>`)}`,
  };
};

const listVehicles = (vehicles: readonly Vehicle[], texts: PageContext['texts']): string =>
  vehicles.length === 0
    ? texts.signIn.withoutVehicles
    : vehicles.map(({ make, model }) => keepOnOneLine(`${nameMake(make, texts)} ${model}`)).join(', ');

/** Shows who is signed in, and offers to use another account. */
export const signedInBar = ({ texts }: PageContext, owner: Owner, form: RenderForm): Content =>
  html`<div class="account">
    <p>${describeOwner(owner, texts)}</p>
    ${form(button('switch', texts.signIn.switch, 'quiet'))}
  </div>`;

export const describeOwner = (owner: Owner, { signIn }: PageContext['texts']): Content => {
  const demo = DEMO_OWNERS.find(({ subject }) => subject === owner.subject);
  const name = demo === undefined ? showName(owner.name) : signIn.owner(Number(demo.id));
  return name === '' ? signIn.signedIn : fill(signIn.signedInAs, isolate(name));
};
