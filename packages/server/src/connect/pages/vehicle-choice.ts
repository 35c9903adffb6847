import type { Vehicle } from '../../grants/vehicle.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { PageContext } from './page-context.ts';
import { nameMake } from './names.ts';

/** The vehicles that a form offers. */
export type VehicleChoice = {
  readonly offered: readonly Vehicle[];
  /** Whether the owner chooses exactly one. */
  readonly isSingle: boolean;
  /** The ids of the vehicles that are selected when the page opens. */
  readonly preselected: ReadonlySet<string>;
};

const SINGLE_FIELD = 'vehicle';
const fieldOf = ({ id }: Vehicle): string => `vehicle_${id}`;
const CHOICE_ID = 'vehicles';

/** Reads the chosen vehicles from a form. Ignores everything that is not offered. */
export const readChoice = (
  fields: ReadonlyMap<string, string>,
  { offered, isSingle }: VehicleChoice,
): readonly Vehicle[] =>
  isSingle
    ? offered.filter(({ id }) => id === fields.get(SINGLE_FIELD)).slice(0, 1)
    : offered.filter((vehicle) => fields.has(fieldOf(vehicle)));

/** Renders the choice as a group of checkboxes or radio buttons. A vehicle that is offered alone is selected. */
export const renderChoice = (
  { texts }: PageContext,
  { offered, isSingle, preselected }: VehicleChoice,
  { hasError, legend }: { readonly hasError: boolean; readonly legend?: string },
): Content => {
  const { consent } = texts;
  const name = legend ?? (isSingle ? consent.vehicle : consent.vehicles);
  return html`<fieldset id="${CHOICE_ID}" tabindex="-1" ${hasError && html`aria-describedby="choice-error"`}>
    <legend>${name}</legend>
    ${hasError && html`<p class="error" id="choice-error">${errorTextOf(texts, isSingle)}</p>`}
    <div class="choices">
      ${offered.map((vehicle) => {
        const isSelected = preselected.has(vehicle.id) || offered.length === 1;
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
  </fieldset>`;
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
export const describeVehicle = (
  { make, model, year, nickname, vin }: Vehicle,
  texts: PageContext['texts'],
): Content => {
  const full = `${nameMake(make, texts)} ${model}`;
  return html`<span class="vehicle"
    ><span class="name">${nickname === '' ? full : nickname}</span>
    <span class="detail"
      >${nickname !== '' && `${full} · `}${year} · <span class="vin">VIN …${vin.slice(-6)}</span></span
    ></span
  >`;
};
