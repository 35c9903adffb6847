import type { Vehicle } from '../../grants/vehicle.ts';
import { button } from './form.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import { isolate, nameModel, nameVehicle } from './names.ts';
import type { PageContext } from './page-context.ts';

/** The vehicles that a form offers. */
export type VehicleChoice = {
  readonly offered: readonly Vehicle[];
  /** Whether the owner chooses exactly one. */
  readonly isSingle: boolean;
  /** The ids of the vehicles that are selected when the page opens. */
  readonly selected: ReadonlySet<string>;
};

const SINGLE_FIELD = 'vehicle';
const fieldOf = ({ id }: Vehicle): string => `vehicle_${id}`;
const CHOICE_ID = 'vehicles';
/** The form with the choice, which a switch of language sends too. */
export const CHOICE_FORM_ID = 'choice';
/** From this number on, the script offers a search, and rows are lower. */
const MANY = 8;

/** The ids of what is selected at first: a vehicle that is offered alone. */
export const selectOnly = (offered: readonly Vehicle[]): ReadonlySet<string> =>
  new Set(offered.length === 1 ? offered.map(({ id }) => id) : []);

/** Reads the chosen vehicles from a form. Ignores everything that is not offered. */
export const readChoice = (
  fields: ReadonlyMap<string, string>,
  { offered, isSingle }: VehicleChoice,
): readonly Vehicle[] =>
  isSingle
    ? offered.filter(({ id }) => id === fields.get(SINGLE_FIELD)).slice(0, 1)
    : offered.filter((vehicle) => fields.has(fieldOf(vehicle)));

/** How a page with a choice is shown: with an error, or with what was chosen in the form that was sent. */
export type ChoiceState = { readonly hasError: boolean; readonly chosen?: ReadonlyMap<string, string> };

/** The choice with what a form has selected, if one was sent. */
export const keepChosen = (
  choice: VehicleChoice,
  fields: ReadonlyMap<string, string> | undefined,
): VehicleChoice =>
  fields === undefined
    ? choice
    : { ...choice, selected: new Set(readChoice(fields, choice).map(({ id }) => id)) };

/** Renders the choice as a group of checkboxes or radio buttons. */
export const renderChoice = (
  { texts }: PageContext,
  { offered, isSingle, selected }: VehicleChoice,
  { hasError, legend }: { readonly hasError: boolean; readonly legend?: string },
): Content => {
  const { consent } = texts;
  const name = legend ?? (isSingle ? consent.vehicle : consent.vehicles);
  const isMany = offered.length >= MANY;
  return html`<fieldset id="${CHOICE_ID}" tabindex="-1" ${hasError && html`aria-describedby="choice-error"`}>
    <legend>${name}</legend>
    ${hasError && html`<p class="error" id="choice-error">${errorTextOf(texts, isSingle)}</p>`}
    ${isMany && renderTools(texts, isSingle)}
    <div class="choices${isMany && ' many'}">
      ${offered.map((vehicle) => {
        const isSelected = selected.has(vehicle.id);
        const field = isSingle
          ? html`<input
              type="radio"
              name="${SINGLE_FIELD}"
              value="${vehicle.id}"
              ${isSelected && html`checked`}
            />`
          : html`<input
              type="checkbox"
              name="${fieldOf(vehicle)}"
              value="yes"
              ${isSelected && html`checked`}
            />`;
        return html`<label class="choice">${field}${describeVehicle(vehicle, texts)}</label>`;
      })}
    </div>
    ${isMany && html`<p class="none" hidden>${consent.noneFound}</p>`}
  </fieldset>`;
};

/** Search and "select all". Hidden until the script runs (`connect.js`), without which they would do nothing. */
const renderTools = ({ consent }: PageContext['texts'], isSingle: boolean): Content =>
  html`<div class="tools" hidden>
    <input type="search" class="search" aria-label="${consent.search}" placeholder="${consent.search}" />
    ${
      !isSingle &&
      html`<button
        type="button"
        class="quiet all"
        data-all="${consent.selectAll}"
        data-none="${consent.selectNone}"
      >
        ${consent.selectAll}
      </button>`
    }
  </div>`;

/** The buttons that answer a choice. They stay in sight, however many vehicles there are. */
export const renderDecision = (
  { texts: { consent } }: PageContext,
  choice: VehicleChoice | undefined,
  { agree, decline }: { readonly agree: string; readonly decline: string },
): Content => {
  const isCounted = choice !== undefined && !choice.isSingle && choice.offered.length >= MANY;
  return html`<div class="actions decision">
    ${
      isCounted &&
      html`<p class="count" role="status" data-text="${consent.selected('{count}', '{total}')}"></p>`
    }
    ${button('agree', agree, 'primary')} ${button('decline', decline, 'secondary')}
  </div>`;
};

const errorTextOf = ({ consent }: PageContext['texts'], isSingle: boolean): string =>
  isSingle ? consent.chooseExactlyOne : consent.chooseOne;

/** The error summary at the top of a page whose form was sent without a vehicle. */
export const renderChoiceError = ({ texts }: PageContext, { isSingle }: VehicleChoice): Content =>
  html`<div class="problem" role="alert">
    <h2>${texts.message.problem}</h2>
    <p><a href="#${CHOICE_ID}">${errorTextOf(texts, isSingle)}</a></p>
    <p>${texts.consent.noneChosen}</p>
  </div>`;

/** Describes a vehicle: its name, and the end of its VIN, which distinguishes two vehicles of one model. */
export const describeVehicle = (vehicle: Vehicle, texts: PageContext['texts']): Content => {
  const { year, vin } = vehicle;
  const [name, model] = [nameVehicle(vehicle, texts), nameModel(vehicle, texts)];
  return html`<span class="vehicle"
    ><span class="name">${isolate(name)}</span>
    <span class="detail"
      >${name !== model && html`${isolate(model)} · `}${year} ·
      <span class="vin">VIN …${vin.slice(-6)}</span></span
    ></span
  >`;
};
