import * as v from 'valibot';
import type { Client } from '../clients/client.ts';
import type { DataRegistry } from '../clients/data-names.ts';
import { findScopeFault } from '../clients/scopes.ts';
import type { ScopeRegistry } from '../clients/scopes.ts';
import { toMillis, toSeconds } from '../clock.ts';
import type { Millis, Seconds } from '../clock.ts';
import { DATA_MAX, DETAILS_MAX_CHARACTERS, scopeOfAsked, VEHICLE_DATA } from '../grants/vehicle-data.ts';
import type { VehicleData } from '../grants/vehicle-data.ts';
import type { AuthorizationFault } from './authorization.ts';

const PURPOSE_MAX_CHARACTERS = 200;
const VEHICLES_MAX = 50;
const UNTIL_MAX_SECONDS = 10 * 365 * 86_400;
const DAY_SECONDS = 86_400;
/** The owner chooses among all vehicles, as where the member is absent. */
const CHOOSE = 'choose';
/** A VIN, or the id of a vehicle. */
const VEHICLE = /^(?:[A-HJ-NPR-Za-hj-npr-z0-9]{17}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/;
// Also what changes the direction of a text, because owners read it beside ours.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** What the request is checked against. */
export type DetailsRules = {
  readonly scopes: ScopeRegistry;
  readonly data: DataRegistry;
  readonly clock: () => Millis;
};

const date = v.pipe(
  v.string(),
  v.isoDate(),
  // To the end of that day in UTC.
  v.transform((text): Seconds => toSeconds(Date.parse(text)) + DAY_SECONDS),
);

const isUnique = (list: readonly unknown[]): boolean => new Set(list).size === list.length;

const NOT_ONE = 'must be a JSON array with one object.';

const schema = v.pipe(
  v.string(),
  v.maxLength(DETAILS_MAX_CHARACTERS, `must be at most ${DETAILS_MAX_CHARACTERS} characters.`),
  v.parseJson(undefined, NOT_ONE),
  v.strictTuple(
    [
      v.strictObject(
        {
          type: v.literal(VEHICLE_DATA, 'must have the type vehicle_data.'),
          data: v.pipe(
            v.array(v.string('must name data by texts.'), 'must have a list of data.'),
            v.minLength(1, 'must name some data.'),
            v.maxLength(DATA_MAX, `must name at most ${DATA_MAX} kinds of data.`),
            v.check((list) => isUnique(list), 'must name each kind of data once.'),
          ),
          purpose: v.pipe(
            v.string('must have a purpose.'),
            v.trim(),
            v.nonEmpty('must have a purpose.'),
            v.maxLength(
              PURPOSE_MAX_CHARACTERS,
              `purpose must be at most ${PURPOSE_MAX_CHARACTERS} characters.`,
            ),
            v.check((text) => !CONTROL.test(text), 'purpose must not contain control characters.'),
          ),
          vehicles: v.optional(
            v.union(
              [
                v.pipe(
                  v.literal(CHOOSE),
                  v.transform(() => undefined),
                ),
                v.pipe(
                  v.array(v.pipe(v.string(), v.regex(VEHICLE))),
                  v.minLength(1),
                  v.maxLength(VEHICLES_MAX),
                  v.check((list) => isUnique(list)),
                ),
              ],
              `vehicles must be choose, or 1 to ${VEHICLES_MAX} ids or VINs, each once.`,
            ),
          ),
          until: v.optional(
            v.union(
              [date, v.pipe(v.number(), v.integer())],
              'until must be a date as 2027-01-31, or seconds since 1970.',
            ),
          ),
        },
        'must have type, data and purpose, and besides them vehicles and until only.',
      ),
    ],
    NOT_ONE,
  ),
);

/**
 * The vehicle data that an authorization request asks for, or what is wrong with it, in constant words. A name that the deployment does not
 * have is answered as one that the client may not have, so that no client learns of the others' names.
 *
 * @see RFC 9396 §2, §3 and §5
 */
export const readVehicleDataRequest = (
  { scopes, data: known, clock }: DetailsRules,
  client: Client,
  text: string,
): { readonly vehicleData: VehicleData; readonly scope: string } | AuthorizationFault => {
  if (client.policy.authorizationDetails !== VEHICLE_DATA)
    return notAllowed('The client may not send authorization_details.');
  const result = v.safeParse(schema, text, { abortEarly: true });
  if (!result.success) return malformed(result.issues[0].message);
  const [{ data, purpose, vehicles, until }] = result.output;
  const left = until === undefined ? undefined : toMillis(until) - clock();
  if (left !== undefined && (left <= 0 || left > toMillis(UNTIL_MAX_SECONDS)))
    return malformed('until must be a moment of the next ten years.');
  const names = data.flatMap((name) => known.get(name) ?? []);
  const asked = {
    data: Object.fromEntries(names.map(({ name, scopes: given }) => [name, given.join(' ')])),
    until,
    vehicles: vehicles?.map((one) => one.toLowerCase()),
  };
  const scope = scopeOfAsked(asked);
  if (names.length < data.length || findScopeFault(scopes, client, scope) !== undefined)
    return notAllowed('The data are not known, or not allowed for this client.');
  return { vehicleData: { data, purpose, until, asked }, scope };
};

const ERROR = 'invalid_authorization_details';

const malformed = (how: string): AuthorizationFault => ({
  reason: 'details_malformed',
  error: ERROR,
  description: `authorization_details: ${how}`,
});

const notAllowed = (description: string): AuthorizationFault => ({
  reason: 'details_not_allowed',
  error: ERROR,
  description,
});
