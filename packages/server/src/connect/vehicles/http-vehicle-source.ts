import type { Millis } from '../../clock.ts';
import { describeLeftOut, readVehicles } from '../../grants/read-vehicles.ts';
import { VehicleSourceError } from './vehicle-source.ts';
import type { VehicleList, VehicleSource } from './vehicle-source.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { readText } from '../read-text.ts';

const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 1024 * 1024;
const VEHICLES_MAX = 200;

const tooManyRequests = (): Error => new VehicleSourceError('too many requests wait for the vehicle service');

/**
 * Asks the platform's vehicle service: `GET {url}?subject=...`, answered by `{"vehicles": [{"id", "vin", "make", "year",
 * "model"?, "nickname"?, "powertrain"?}]}`. An entry that is no vehicle is left out. An answer without a list, with no
 * vehicle among its entries, or none in time, is a `VehicleSourceError`.
 */
export const createHttpVehicleSource = ({
  url,
  token,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly url: string;
  readonly token: string | undefined;
  readonly timeoutMs?: Millis;
}): VehicleSource => {
  const limit = createConcurrencyLimit();
  const list = async (subject: string): Promise<VehicleList> => {
    const target = new URL(url);
    target.searchParams.set('subject', subject);
    const body = await fetchText(target, token, timeoutMs).catch((error: unknown) => {
      if (error instanceof VehicleSourceError) throw error;
      throw new VehicleSourceError(`the vehicle service did not answer: ${describe(error)}`, {
        cause: error,
      });
    });
    return readAnswer(parseJson(body));
  };
  return { list: (subject) => limit(() => list(subject), tooManyRequests) };
};

/** Reports positions and names only: the values belong to the owner. */
const readAnswer = (answer: unknown): VehicleList => {
  const entries =
    typeof answer === 'object' && answer !== null && 'vehicles' in answer ? answer.vehicles : undefined;
  if (!Array.isArray(entries))
    throw new VehicleSourceError('the answer of the vehicle service is invalid: vehicles is not a list');
  const { vehicles, leftOut } = readVehicles(entries.slice(0, VEHICLES_MAX));
  const beyond = entries
    .slice(VEHICLES_MAX)
    .map((_, at) => ({ index: VEHICLES_MAX + at, cause: 'beyond' as const }));
  const list = { vehicles, leftOut: [...leftOut, ...beyond] };
  const [first] = list.leftOut;
  if (vehicles.length > 0 || first === undefined) return list;
  throw new VehicleSourceError(
    `the vehicle service listed ${entries.length} entries and no vehicle: ${describeLeftOut(first)}`,
  );
};

const fetchText = async (target: URL, token: string | undefined, timeoutMs: Millis): Promise<string> => {
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
  const text = await readText(response, ANSWER_MAX_BYTES);
  if (text === undefined) throw new VehicleSourceError('the vehicle service answered more than 1 MiB');
  return text;
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
