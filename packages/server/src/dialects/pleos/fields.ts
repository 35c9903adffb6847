import { Refusal } from '../../errors.ts';
import type { FieldFault } from '../../errors.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import { readMediaType } from '../../wire/headers.ts';
import { readJsonObject } from '../../wire/json.ts';
import { BRAND_FAULT, findBrand } from './brand.ts';
import type { PleosBrand } from './brand.ts';

/** The members of each request's body, by path. All are required and strings; others are ignored. */
export const BODY_FIELDS = {
  '/v1/auth/token': ['clientId', 'clientSecret', 'code', 'redirectUrl'],
  '/v1/auth/token-refresh': ['clientId', 'clientSecret', 'refreshToken'],
  '/v1/auth/personal-token': ['clientId', 'clientSecret'],
  '/v1/vehicles/selections': ['state', 'lang'],
} as const;

/**
 * The members that a body needs, all of them non-empty strings, and the brand. Throws a `Refusal` that reports every fault
 * at once.
 */
export const parseFields = <const Name extends string>(
  request: WireRequest,
  names: readonly Name[],
): { readonly fields: Readonly<Record<Name, string>>; readonly brand: PleosBrand } => {
  const mediaType = readMediaType(request);
  if (mediaType !== undefined && mediaType !== 'application/json') throw new Refusal('content_type_wrong');
  const body = readJsonObject(request.body);
  const brand = findBrand(request.headers['brand']?.trim());
  const faults = names.flatMap((field) => faultOf(field, body[field]));
  if (brand === undefined) faults.push(BRAND_FAULT);
  if (brand === undefined || faults.length > 0) throw new Refusal('parameters_wrong', faults);
  return { fields: body as Record<Name, string>, brand };
};

const faultOf = (field: string, value: unknown): FieldFault[] => {
  if (value === undefined || value === '') return [{ field, message: 'is required' }];
  return typeof value === 'string' ? [] : [{ field, message: 'must be a string' }];
};
