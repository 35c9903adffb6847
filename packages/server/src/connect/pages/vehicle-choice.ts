import type { Vehicle } from '../../grants/vehicle.ts';
import { html } from './html.ts';
import type { Content } from './html.ts';
import type { PageContext } from './page-context.ts';
import { nameMake } from './permissions.ts';

/** The vehicles that a form offers, and how many of them may be taken. */
export type VehicleChoice = {
  readonly offered: readonly Vehicle[];
  readonly isSingle: boolean;
  /** By id, what is ticked when the page is shown. */
  readonly ticked: ReadonlySet<string>;
};

const SINGLE_FIELD = 'vehicle';
const fieldOf = ({ id }: Vehicle): string => `vehicle_${id}`;
const CHOICE_ID = 'vehicles';

/** Only what is offered can be chosen, whatever a form says. */
export const readChoice = (
  fields: ReadonlyMap<string, string>,
  { offered, isSingle }: VehicleChoice,
): readonly Vehicle[] =>
  isSingle
    ? offered.filter(({ id }) => id === fields.get(SINGLE_FIELD)).slice(0, 1)
    : offered.filter((vehicle) => fields.has(fieldOf(vehicle)));

/** The choice as a group of labelled boxes, of which the only one is ticked. */
export const writeChoice = (
  { texts }: PageContext,
  { offered, isSingle, ticked }: VehicleChoice,
  { hasError, legend }: { readonly hasError: boolean; readonly legend?: string },
): Content => {
  const { consent } = texts;
  const name = legend ?? (isSingle ? consent.vehicle : consent.vehicles);
  return html`<fieldset id="${CHOICE_ID}" tabindex="-1" ${hasError && html`aria-describedby="choice-error"`}>
    <legend>${name}</legend>
    ${hasError && html`<p class="error" id="choice-error">${faultOf(texts, isSingle)}</p>`}
    <div class="choices">
      ${offered.map((vehicle) => {
        const isTicked = ticked.has(vehicle.id) || offered.length === 1;
        const field = isSingle
          ? html`<input
              type="radio"
              name="${SINGLE_FIELD}"
              value="${vehicle.id}"
              ${isTicked && html`checked`}
            />`
          : html`<input
              type="checkbox"
              name="${fieldOf(vehicle)}"
              value="yes"
              ${isTicked && html`checked`}
            />`;
        return html`<label class="choice">${field}${describeVehicle(vehicle, texts)}</label>`;
      })}
    </div>
  </fieldset>`;
};

const faultOf = ({ consent }: PageContext['texts'], isSingle: boolean): string =>
  isSingle ? consent.chooseExactlyOne : consent.chooseOne;

/** What stands above a page whose form lacks a vehicle. */
export const writeChoiceError = ({ texts }: PageContext, { isSingle }: VehicleChoice): Content =>
  html`<div class="problem" role="alert">
    <h2>${texts.message.problem}</h2>
    <p><a href="#${CHOICE_ID}">${faultOf(texts, isSingle)}</a></p>
    <p>${texts.consent.noneChosen}</p>
  </div>`;

/** As its owner knows it, and enough of its VIN to tell two of a kind apart. */
export const describeVehicle = (
  { make, model, year, nickname, vin }: Vehicle,
  texts: PageContext['texts'],
): Content => {
  const full = `${nameMake(make, texts)} ${model}`;
  return html`<span class="vehicle"
    ><span class="name">${nickname === '' ? full : nickname}</span>
    <span class="detail">${nickname !== '' && `${full} · `}${year} · VIN …${vin.slice(-6)}</span></span
  >`;
};
