import { VEHICLE_DATA } from '../../grants/vehicle-data.ts';
import { objectOf, TEXT_NOT_EMPTY } from '../../wire/route-description.ts';
import type { JsonSchema } from '../../wire/route-description.ts';

export const DETAILS_PURPOSE =
  'Vehicle data by name, for a purpose and until a moment: a JSON array with one object of type vehicle_data (RFC 9396).';

const TEXTS = { type: 'array', items: TEXT_NOT_EMPTY };

/** `authorization_details` in an answer. @see RFC 9396 §7 */
export const DETAILS_SCHEMA: JsonSchema = {
  type: 'array',
  description: 'What the access token is for, where that is vehicle data.',
  items: objectOf(
    { type: { const: VEHICLE_DATA }, vehicles: TEXTS, data: TEXTS, purpose: TEXT_NOT_EMPTY },
    { until: { type: 'integer' } },
  ),
};
