import { POWERTRAINS } from '../../grants/vehicle.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import { forgetOld } from '../../grants/rotation-history.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';
import { packHistory, unpackHistory } from './packed-history.ts';
import type { CopyValue } from './endpoint.ts';

/** Packing cuts what is long past, and forgetting drops what was cut: no history needs more rounds to come to rest. */
const ROUNDS_MAX = 3;

/** The two values of a history, the same for all that mean the same. */
export const historyValues = (moments: RotationHistory): readonly [CopyValue, CopyValue] => {
  if (moments.length === 0) return [null, ''];
  let kept = packHistory(forgetOld(moments));
  for (let round = 1; round < ROUNDS_MAX && kept.earlier.length > 0; round++)
    kept = packHistory(unpackHistory(kept));
  return [kept.rotatedAtMs, kept.earlier.toString('hex')];
};

/** The history that two such values stand for. */
export const historyOf = (rotatedAtMs: CopyValue, earlier: CopyValue): RotationHistory =>
  unpackHistory({
    rotatedAtMs: rotatedAtMs === null ? null : Number(rotatedAtMs),
    earlier: Buffer.from(String(earlier ?? ''), 'hex'),
  });

/** Vehicles as one text, in the order of ids and of fields. */
export const vehiclesText = (vehicles: readonly Vehicle[]): string =>
  JSON.stringify(
    [...vehicles]
      .sort((left, right) => (left.id < right.id ? -1 : 1))
      .map(({ id, vin, make, model, year, nickname, powertrain }) => [
        id,
        vin,
        make,
        model,
        year,
        nickname,
        powertrain,
      ]),
  );

/** The vehicles that such a text stands for. */
export const vehiclesOf = (text: CopyValue): readonly Vehicle[] =>
  (JSON.parse(String(text)) as [string, string, string, string, number, string, string][]).map(
    ([id, vin, make, model, year, nickname, powertrain]) => ({
      id,
      vin,
      make,
      model,
      year,
      nickname,
      powertrain: POWERTRAINS.find((one) => one === powertrain) ?? unknownPowertrain(powertrain),
    }),
  );

const unknownPowertrain = (name: string): never => {
  throw new TypeError(`a vehicle is copied whose powertrain is ${name}`);
};

/** Bytes in hexadecimal digits, and back. */
export const hexOf = (bytes: unknown): string | null =>
  bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
    : null;

export const bytesOf = (hex: CopyValue): Buffer | null =>
  hex === null ? null : Buffer.from(String(hex), 'hex');
