import { Refusal } from '../../errors.ts';
import type { FieldFault } from '../../errors.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import { BODY_FIELDS, parseFields } from './fields.ts';

/** How a client asks for the page on which an owner chooses vehicles. */
export type SelectionRequest = {
  /** Handed back unchanged. */
  readonly state: string;
  /** The language of the page. */
  readonly lang: string;
};

/** A language tag (RFC 5646) of the kinds that a page could follow. */
export const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}$/;

/** Reads the body of `POST /v1/vehicles/selections`. Throws a `Refusal` that names every fault. */
export const parseSelection = (request: WireRequest, stateMaxCharacters: number): SelectionRequest => {
  const { state, lang } = parseFields(request, BODY_FIELDS['/v1/vehicles/selections']).fields;
  const faults: FieldFault[] = [];
  if (state.length > stateMaxCharacters)
    faults.push({ field: 'state', message: `must have at most ${stateMaxCharacters} characters` });
  // Half a surrogate pair cannot be written in a URL, so the page could not send the owner back.
  if (!state.isWellFormed()) faults.push({ field: 'state', message: 'must be well-formed text' });
  if (!LANGUAGE.test(lang)) faults.push({ field: 'lang', message: 'must be a language such as en' });
  if (faults.length > 0) throw new Refusal('parameters_wrong', faults);
  return { state, lang };
};

/**
 * The VIN that a withdrawal is for; `undefined` for every vehicle. Throws a `Refusal` for an empty VIN: otherwise a client's
 * mistake would withdraw every vehicle.
 */
export const readVin = ({ query }: WireRequest): string | undefined => {
  const [vin, ...others] = new URLSearchParams(query).getAll('vin');
  if (vin === '') throw new Refusal('parameters_wrong', [{ field: 'vin', message: 'must not be empty' }]);
  if (others.length > 0)
    throw new Refusal('parameters_wrong', [{ field: 'vin', message: 'must be given once' }]);
  return vin;
};

/** Vehicles as the API lists them. */
export const writeVehicles = (vehicles: readonly Vehicle[]): object => ({
  vehicles: vehicles.map(({ vin, nickname, model, powertrain }) => ({
    vin,
    nickname,
    name: model,
    type: powertrain,
    sellname: model,
  })),
});
