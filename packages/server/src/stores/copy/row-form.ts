import { hash } from 'node:crypto';
import type { ClientSecret } from '../../clients/client.ts';
import type { RotationHistory } from '../../grants/rotation-history.ts';
import { POWERTRAINS } from '../../grants/vehicle.ts';
import type { Vehicle } from '../../grants/vehicle.ts';
import type { CopyValue } from './endpoint.ts';
import { packHistory, unpackHistory } from './packed-history.ts';

/** The two values of a history: equal for all histories that mean the same. */
export const historyValues = (history: RotationHistory): readonly [CopyValue, CopyValue] => {
  if (history.length === 0) return [null, ''];
  const packed = packHistory(history);
  return [packed.rotatedAtMs, packed.earlier.toString('hex')];
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

/**
 * What a JSON text of vehicles contains if it has the vehicle with this id; the empty text, which every text contains,
 * for any vehicle.
 */
export const vehicleMark = (vehicleId: string | undefined): string =>
  vehicleId === undefined ? '' : `"id":${JSON.stringify(vehicleId)}`;

/** A client's secrets as one JSON array. */
export const writeSecrets = (secrets: readonly ClientSecret[]): string =>
  JSON.stringify(secrets.map((one) => ({ ...one, digest: hexOf(one.digest) })));

/** The secrets that such a text stands for, oldest first. */
export const readSecrets = (text: unknown): readonly ClientSecret[] => {
  const secrets = (JSON.parse(String(text)) as Record<string, unknown>[]).map((one) => ({
    id: String(one['id']),
    name: String(one['name']),
    digest: Uint8Array.from(Buffer.from(String(one['digest']), 'hex')),
    createdAtMs: Number(one['createdAtMs']),
    expiresAtMs: optionalNumber(one['expiresAtMs']),
    lastUsedAtMs: optionalNumber(one['lastUsedAtMs']),
  }));
  return secrets.sort((left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1));
};

const optionalNumber = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

/** A subject as consents are found by it: subjects may be longer than an index allows. */
export const digestSubject = (subject: string): Buffer => hash('sha256', subject, 'buffer').subarray(0, 16);

/** Bytes in hexadecimal digits. */
export const hexOf = (bytes: unknown): string | null =>
  bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
    : null;

/** The bytes that hexadecimal digits stand for. */
export const bytesOf = (hex: CopyValue): Buffer | null =>
  hex === null ? null : Buffer.from(String(hex), 'hex');
