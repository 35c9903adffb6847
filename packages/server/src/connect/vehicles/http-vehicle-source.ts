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

const areUnique = (vehicles: readonly Vehicle[], field: 'id' | 'vin'): boolean =>
  new Set(vehicles.map((one) => one[field])).size === vehicles.length;

const schema = v.object({
  vehicles: v.pipe(
    v.array(vehicle),
    v.maxLength(VEHICLES_MAX),
    v.check((vehicles) => areUnique(vehicles, 'id') && areUnique(vehicles, 'vin'), 'a vehicle appears twice'),
  ),
});

const tooManyRequests = (): Error => new VehicleSourceError('too many requests wait for the vehicle service');

/**
 * Asks the platform's vehicle service: `GET {url}?subject=...`, answered by `{"vehicles": [{"id", "vin", "make", "model",
 * "year", "nickname"?, "powertrain"?}]}`. Any other answer, or none in time, is a `VehicleSourceError`.
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
  const limit = createConcurrencyLimit();
  const list = async (subject: string): Promise<readonly Vehicle[]> => {
    const target = new URL(url);
    target.searchParams.set('subject', subject);
    const body = await fetchText(target, token, timeoutMs).catch((error: unknown) => {
      if (error instanceof VehicleSourceError) throw error;
      throw new VehicleSourceError(`the vehicle service did not answer: ${describe(error)}`, {
        cause: error,
      });
    });
    const parsed = v.safeParse(schema, parseJson(body));
    if (parsed.success) return parsed.output.vehicles;
    // Only the path: the value belongs to the owner.
    const where = v.getDotPath(parsed.issues[0]) ?? 'the whole answer';
    throw new VehicleSourceError(`the answer of the vehicle service is invalid: ${where}`);
  };
  return { list: (subject) => limit(() => list(subject), tooManyRequests) };
};

const fetchText = async (target: URL, token: string | undefined, timeoutMs: number): Promise<string> => {
  const response = await fetch(target, {
    headers: {
      Accept: 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    // A redirect would send the token to another server.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new VehicleSourceError(`the vehicle service answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES)
      throw new VehicleSourceError('the vehicle service answered more than 1 MiB');
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

/** The code of a network error, which `fetch` puts into the cause of its own error; else the name of the error. */
const describe = (error: unknown): string => {
  const { name, cause } = error instanceof Error ? error : { name: 'unknown', cause: undefined };
  return cause instanceof Error && 'code' in cause ? String(cause.code) : name;
};
