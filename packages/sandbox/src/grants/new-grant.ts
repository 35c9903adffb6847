import * as v from 'valibot';
import { secondsOf } from '../seconds-of.ts';
import { DIALECT_NAMES } from '../worlds/ready-clients.ts';

const YEARS_100_SECONDS = 100 * 365 * 86_400;
const VIN = /^[A-HJ-NPR-Z0-9]{17}$/;

/** An ISO 8601 duration without years and months, whose length varies. */
export const duration = v.pipe(
  v.string(),
  v.regex(
    /^P(?=\d|T\d)(?:\d{1,6}W)?(?:\d{1,6}D)?(?:T(?=\d)(?:\d{1,8}H)?(?:\d{1,9}M)?(?:\d{1,10}(?:\.\d{1,3})?S)?)?$/,
    'must be a duration such as P59DT23H, PT90S or P1W; years and months vary in length, so use days',
  ),
  v.check((text) => secondsOf(text) <= YEARS_100_SECONDS, 'must be at most 100 years'),
);

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

const vehicle = v.strictObject({
  vin: v.pipe(v.string(), v.regex(VIN, 'must be a VIN of 17 characters')),
  make: v.optional(v.pipe(text, v.toLowerCase()), 'hyundai'),
  model: v.optional(text, 'IONIQ 5'),
  year: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1980), v.maxValue(2100)), 2024),
});

/** A grant to create without a browser. */
export const newGrant = v.strictObject({
  /** Its client is the one of that name, unless `client` names another. */
  dialect: v.optional(v.picklist(DIALECT_NAMES as [string, ...string[]])),
  /** By its name in the world. */
  client: v.optional(text),
  subject: v.optional(text, 'owner-1'),
  /** VINs, or vehicles. */
  vehicles: v.optional(
    v.pipe(
      v.array(v.union([vehicle, v.pipe(v.string(), v.regex(VIN, 'must be a VIN of 17 characters'))])),
      v.maxLength(50),
    ),
    [],
  ),
  /** What the client gets; by default all that it may. */
  scope: v.optional(v.pipe(v.string(), v.maxLength(2000))),
  /** Of Pleos: the brand that it is bound to. */
  brand: v.optional(text),
  /** How old the grant and its tokens already are. */
  age: v.optional(duration),
});

export type NewGrant = v.InferInput<typeof newGrant>;
export type ParsedGrant = v.InferOutput<typeof newGrant>;
