import * as v from 'valibot';
import { DATA_MAX, DETAILS_MAX_CHARACTERS, VEHICLE_DATA } from '../grants/vehicle-data.ts';
import type { NarrowedData } from '../grants/vehicle-data.ts';

const narrowed = v.pipe(
  v.string(),
  v.maxLength(DETAILS_MAX_CHARACTERS),
  v.parseJson(),
  v.strictTuple([
    v.strictObject({
      type: v.literal(VEHICLE_DATA),
      data: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(DATA_MAX))),
      purpose: v.optional(v.string()),
      vehicles: v.optional(v.array(v.string())),
      until: v.optional(v.pipe(v.number(), v.integer())),
    }),
  ]),
);

/** The part of its grant's vehicle data that a token request asks for. `malformed` where it is not one such detail. */
export const readNarrowed = (text: string): NarrowedData | 'malformed' => {
  const result = v.safeParse(narrowed, text);
  if (!result.success) return 'malformed';
  const [{ type: _type, ...rest }] = result.output;
  return rest;
};

/** The parameter by which a token request asks for less vehicle data than its grant has. @see RFC 9396 §6 */
export const DETAILS = {
  name: 'authorization_details',
  purpose: 'Some of the vehicle data of the grant, as JSON (RFC 9396); all of it where absent.',
  form: { isValid: (text: string) => readNarrowed(text) !== 'malformed', otherwise: 'details_malformed' },
  refusals: ['details_not_allowed'],
} as const;

/** The value of that parameter, once its form is checked. */
export const narrowedOf = (text: string | undefined): NarrowedData | undefined => {
  const read = text === undefined ? 'malformed' : readNarrowed(text);
  return read === 'malformed' ? undefined : read;
};
