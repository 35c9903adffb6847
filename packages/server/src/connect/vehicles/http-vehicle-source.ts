import * as v from 'valibot';
import { POWERTRAINS } from '../../grants/vehicle.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { VehicleSourceError } from './vehicle-source.ts';
import type { VehicleSource } from './vehicle-source.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';

const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 1024 * 1024;
const VEHICLES_MAX = 200;

const line = (maxCharacters: number) => v.pipe(v.string(), v.trim(), v.maxLength(maxCharacters));

const vehicle = v.object({
  id: v.pipe(v.string(), v.uuid(), v.toLowerCase()),
  vin: v.pipe(v.string(), v.trim(), v.toUpperCase(), v.regex(/^[A-HJ-NPR-Z0-9]{17}$/)),
  make: v.pipe(line(50), v.nonEmpty(), v.toLowerCase()),
  model: line(100),
  year: v.pipe(v.number(), v.integer(), v.minValue(1900), v.maxValue(2200)),
  nickname: v.optional(line(100), ''),
  powertrain: v.optional(v.picklist(POWERTRAINS), 'UNKNOWN'),
});

const isEachOnce = (vehicles: readonly Vehicle[], field: 'id' | 'vin'): boolean =>
  new Set(vehicles.map((one) => one[field])).size === vehicles.length;

const schema = v.object({
  vehicles: v.pipe(
    v.array(vehicle),
    v.maxLength(VEHICLES_MAX),
    v.check((vehicles) => isEachOnce(vehicles, 'id') && isEachOnce(vehicles, 'vin'), 'a vehicle comes twice'),
  ),
});

const tooMany = (): Error => new VehicleSourceError('too many wait for the source of vehicles');

/**
 * Asks the platform's own records: `GET {url}?subject=...`, answered by `{"vehicles": [{"id", "vin", "make", "model",
 * "year", "nickname"?, "powertrain"?}]}`. Whatever else it answers, and whatever takes too long, is a `VehicleSourceError`.
 */
export const createHttpVehicleSource = ({
  url,
  token,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly url: string;
  readonly token: string | undefined;
  readonly timeoutMs?: number;
}): VehicleSource => {
  const wait = createConcurrencyLimit();
  const list = async (subject: string): Promise<readonly Vehicle[]> => {
    const target = new URL(url);
    target.searchParams.set('subject', subject);
    const body = await fetchText(target, token, timeoutMs).catch((error: unknown) => {
      if (error instanceof VehicleSourceError) throw error;
      throw new VehicleSourceError(`the source of vehicles cannot be read: ${describe(error)}`, {
        cause: error,
      });
    });
    const parsed = v.safeParse(schema, parseJson(body));
    if (parsed.success) return parsed.output.vehicles;
    // The path only: what stands there is the owner's.
    const where = v.getDotPath(parsed.issues[0]) ?? 'its form';
    throw new VehicleSourceError(`the source of vehicles answered what is none: ${where}`);
  };
  return { list: (subject) => wait(() => list(subject), tooMany) };
};

const fetchText = async (target: URL, token: string | undefined, timeoutMs: number): Promise<string> => {
  const response = await fetch(target, {
    headers: {
      Accept: 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    // The token must not go anywhere else.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new VehicleSourceError(`the source of vehicles answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES)
      throw new VehicleSourceError('the source of vehicles answered more than a MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `fetch` tells what went wrong in the cause of its error. */
const describe = (error: unknown): string => {
  const { name, cause } = error instanceof Error ? error : { name: 'unknown', cause: undefined };
  return cause instanceof Error && 'code' in cause ? String(cause.code) : name;
};
