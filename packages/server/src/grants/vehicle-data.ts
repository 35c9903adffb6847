import * as v from 'valibot';
import { splitScope } from '../clients/scopes.ts';
import type { Millis, Seconds } from '../clock.ts';
import type { Vehicle } from './vehicle.ts';

/** The only type of authorization details (RFC 9396 §2) that this server knows. */
export const VEHICLE_DATA = 'vehicle_data';

/** The longest `authorization_details`: with all else it must fit into a query. */
export const DETAILS_MAX_CHARACTERS = 4096;
/** How many kinds of data a request may name. */
export const DATA_MAX = 32;

/**
 * What a grant for vehicle data allows, and what its client asked for. The owner may change the first as far as the second goes. The
 * vehicles are those that the grant covers.
 */
export type VehicleData = {
  /** Names of data, in the order of the request. */
  readonly data: readonly string[];
  readonly purpose: string;
  /** When it ends; `undefined` where it has no end of its own. */
  readonly until: Seconds | undefined;
  readonly asked: AskedData;
  /** The page on which the owner agreed. Absent where it is not known. */
  readonly shown?: ShownPage;
  /** What the owner changed since, oldest first: the newest `CHANGES_MAX`. Absent for nothing. */
  readonly changes?: readonly AgreedChange[];
};

/** The language of a page, and the version of the texts in it. */
export type ShownPage = { readonly language: string; readonly version: string };

/** Of one change: when, whether it became more or less, and what has been allowed since. */
export type AgreedChange = {
  readonly atMs: Millis;
  readonly became: 'extended' | 'narrowed';
  readonly data: readonly string[];
  readonly until: Seconds | undefined;
};

/** How many changes are remembered, so that the row of a grant stays small. */
export const CHANGES_MAX = 20;

/** What the client asked for, with what that meant when the owner agreed. */
export type AskedData = {
  /** The scopes of each name, space separated. */
  readonly data: Readonly<Record<string, string>>;
  readonly until: Seconds | undefined;
  /** Ids or VINs; `undefined` where the owner chooses among all. */
  readonly vehicles: readonly string[] | undefined;
};

/** The member of `authorization_details` that says what a token is for. @see RFC 9396 §7 */
export type VehicleDataDetail = {
  readonly type: typeof VEHICLE_DATA;
  readonly vehicles: readonly string[];
  readonly data: readonly string[];
  readonly purpose: string;
  readonly until?: Seconds;
};

const schema = v.strictObject({
  data: v.array(v.string()),
  purpose: v.string(),
  until: v.nullable(v.number()),
  asked: v.strictObject({
    data: v.array(v.tuple([v.string(), v.string()])),
    until: v.nullable(v.number()),
    vehicles: v.nullable(v.array(v.string())),
  }),
  shown: v.optional(v.strictObject({ language: v.string(), version: v.string() })),
  changes: v.optional(
    v.array(
      v.strictObject({
        atMs: v.number(),
        became: v.picklist(['extended', 'narrowed']),
        data: v.array(v.string()),
        until: v.nullable(v.number()),
      }),
    ),
  ),
});

/** Vehicle data as one text, equal for all that mean the same. */
export const writeVehicleData = ({ data, purpose, until, asked, shown, changes = [] }: VehicleData): string =>
  JSON.stringify({
    data,
    purpose,
    until: until ?? null,
    asked: {
      data: Object.entries(asked.data),
      until: asked.until ?? null,
      vehicles: asked.vehicles ?? null,
    },
    ...(shown === undefined ? {} : { shown: { language: shown.language, version: shown.version } }),
    ...(changes.length === 0
      ? {}
      : { changes: changes.map((one) => ({ ...one, until: one.until ?? null })) }),
  });

/** The vehicle data that such a text stands for; `undefined` where it is not one. */
export const readVehicleData = (text: string): VehicleData | undefined => {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (!result.success) return undefined;
  const { data, purpose, until, asked, shown, changes } = result.output;
  return {
    data,
    purpose,
    until: until ?? undefined,
    asked: {
      data: Object.fromEntries(asked.data),
      until: asked.until ?? undefined,
      vehicles: asked.vehicles ?? undefined,
    },
    ...(shown === undefined ? {} : { shown }),
    ...(changes === undefined
      ? {}
      : { changes: changes.map((one) => ({ ...one, until: one.until ?? undefined })) }),
  };
};

/** What operators see of the vehicle data of a grant: all that the client asked for, and what the owner allows of it now. */
export type VehicleDataSummary = {
  readonly purpose: string;
  /** In the order of the request. `isAllowed`: whether the owner allows it now. */
  readonly data: readonly { readonly name: string; readonly scope: string; readonly isAllowed: boolean }[];
  /** When it ends; `undefined` where only the policy ends it. */
  readonly until: Seconds | undefined;
  /** The end that the client asked for. */
  readonly askedUntil: Seconds | undefined;
  /** Which vehicles the client asked for, by ids or VINs; `undefined` where the owner chose among all vehicles. */
  readonly askedVehicles: readonly string[] | undefined;
  /** Whether the owner allows less data, or less time, than the client asked for. */
  readonly isNarrowed: boolean;
};

export const summarizeVehicleData = ({ data, purpose, until, asked }: VehicleData): VehicleDataSummary => {
  const allowed = new Set(data);
  const summarized = Object.entries(asked.data).map(([name, scope]) => ({
    name,
    scope,
    isAllowed: allowed.has(name),
  }));
  return {
    purpose,
    data: summarized,
    until,
    askedUntil: asked.until,
    askedVehicles: asked.vehicles,
    isNarrowed: until !== asked.until || summarized.some(({ isAllowed }) => !isAllowed),
  };
};

/** Whether a client asked for this vehicle, by id or VIN, or for any. */
export const isAskedFor = (
  { id, vin }: Pick<Vehicle, 'id' | 'vin'>,
  vehicleData: Pick<VehicleData, 'asked'> | undefined,
): boolean => {
  const vehicles = vehicleData?.asked.vehicles;
  return (
    vehicles === undefined || vehicles.includes(id.toLowerCase()) || vehicles.includes(vin.toLowerCase())
  );
};

/** The scopes of all that the client asked for. */
export const scopeOfAsked = ({ data }: Pick<AskedData, 'data'>): string =>
  [...new Set(Object.values(data).flatMap(splitScope))].join(' ');

/** A scope without what only data gives that the owner has taken back since. */
export const withoutTakenBack = (scope: string, { data, asked }: VehicleData): string => {
  const kept = new Set(data.flatMap((name) => splitScope(asked.data[name])));
  const gone = new Set(splitScope(scopeOfAsked(asked)).filter((name) => !kept.has(name)));
  return splitScope(scope)
    .filter((name) => !gone.has(name))
    .join(' ');
};

/** The names whose data a token with this scope gives. */
const namesGivenBy = ({ data, asked }: VehicleData, scope: string): readonly string[] => {
  const given = new Set(splitScope(scope));
  return data.filter((name) => splitScope(asked.data[name]).every((one) => given.has(one)));
};

/** What a token with this scope is for, as `authorization_details` says it. @see RFC 9396 §7 and §9 */
export const describeVehicleData = (
  vehicleData: VehicleData,
  scope: string,
  vehicles: readonly Pick<Vehicle, 'id'>[],
): readonly [VehicleDataDetail] => {
  const { purpose, until } = vehicleData;
  return [
    {
      type: VEHICLE_DATA,
      vehicles: vehicles.map(({ id }) => id),
      data: namesGivenBy(vehicleData, scope),
      purpose,
      ...(until === undefined ? {} : { until }),
    },
  ];
};

/** What a token request may ask for: some of the data of its grant, and nothing else than the grant has. @see RFC 9396 §6 */
export type NarrowedData = {
  readonly [Member in 'data' | 'purpose' | 'vehicles' | 'until']?: VehicleDataDetail[Member] | undefined;
};

/**
 * The scope of a token for some of a grant's data; `undefined` where the request is for more, or for another purpose, other vehicles or
 * another end than the grant has. Only data can be less: a token has no room for a choice of vehicles.
 */
export const scopeOfNarrowed = (
  { vehicleData, scope }: { readonly vehicleData?: VehicleData | undefined; readonly scope: string },
  { data, purpose, until, vehicles }: NarrowedData,
): string | undefined => {
  if (vehicleData === undefined || vehicles !== undefined) return undefined;
  if (purpose !== undefined && purpose !== vehicleData.purpose) return undefined;
  if (until !== undefined && until !== vehicleData.until) return undefined;
  const wanted = data ?? vehicleData.data;
  if (wanted.some((name) => !vehicleData.data.includes(name))) return undefined;
  return withoutTakenBack(scope, { ...vehicleData, data: wanted });
};
