import { Refusal } from '../../errors.ts';
import type { FieldFault } from '../../errors.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import { parseFields } from './fields.ts';

/** What a client wants of the page on which an owner chooses vehicles. */
export type SelectionRequest = {
  /** Handed back as it is. */
  readonly state: string;
  /** The language of the page. */
  readonly lang: string;
};

/** RFC 5646, as far as a page could follow it. */
const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}$/;

/** Reads the body of `POST /v1/vehicles/selections`. Throws a `Refusal` that names every fault. */
export const parseSelection = (request: WireRequest, stateMaxCharacters: number): SelectionRequest => {
  const { state, lang } = parseFields(request, ['state', 'lang']).fields;
  const faults: FieldFault[] = [];
  if (state.length > stateMaxCharacters)
    faults.push({ field: 'state', message: `must have at most ${stateMaxCharacters} characters` });
  // Half a surrogate pair has no form in a URL, so there would be no way back from the page.
  if (!state.isWellFormed()) faults.push({ field: 'state', message: 'must be well-formed text' });
  if (!LANGUAGE.test(lang)) faults.push({ field: 'lang', message: 'must be a language such as en' });
  if (faults.length > 0) throw new Refusal('parameters_wrong', faults);
  return { state, lang };
};

/**
 * The VIN that a withdrawal is for; `undefined` for that of every vehicle. Throws a `Refusal` for an empty one: taken for
 * none, a client's own mistake would withdraw everything.
 */
export const readVin = ({ query }: WireRequest): string | undefined => {
  const [vin, ...others] = new URLSearchParams(query).getAll('vin');
  if (vin === '') throw new Refusal('parameters_wrong', [{ field: 'vin', message: 'must not be empty' }]);
  if (others.length > 0)
    throw new Refusal('parameters_wrong', [{ field: 'vin', message: 'must be given once' }]);
  return vin;
};

/** Vehicles as the wire lists them. */
export const writeVehicles = (vehicles: readonly Vehicle[]): object => ({
  vehicles: vehicles.map(({ vin, nickname, model, powertrain }) => ({
    vin,
    nickname,
    name: model,
    type: powertrain,
    sellname: model,
  })),
});
