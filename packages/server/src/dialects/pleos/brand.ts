import { Refusal } from '../../errors.ts';
import type { FieldFault } from '../../errors.ts';
import type { WireRequest } from '../../wire/exchange.ts';

/** The makes whose owners the Pleos API serves. */
export const PLEOS_BRANDS = ['hyundai', 'kia', 'genesis'] as const;
export type PleosBrand = (typeof PLEOS_BRANDS)[number];

/** The brand of this name, in any case; `undefined` for a name that is not a brand. */
export const findBrand = (name: string | undefined): PleosBrand | undefined => {
  const lowerCase = name?.toLowerCase();
  return PLEOS_BRANDS.find((brand) => brand === lowerCase);
};

/** How a missing or unknown `Brand` header is reported. */
export const BRAND_FAULT: FieldFault = { field: 'Brand', message: 'must be hyundai, kia or genesis' };

/** The brand of the `Brand` header. Throws a `Refusal` where the header is missing or names no brand. */
export const readBrand = ({ headers }: WireRequest): PleosBrand => {
  const brand = findBrand(headers['brand']?.trim());
  if (brand === undefined) throw new Refusal('parameters_wrong', [BRAND_FAULT]);
  return brand;
};
