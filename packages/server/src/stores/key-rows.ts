import { StoreError } from '../errors.ts';
import { KEY_PURPOSES } from '../tokens/key-state.ts';
import type { KeyPurpose, KeyWithdrawal, RegisteredKey } from '../tokens/key-state.ts';

/** The columns of the table `keys`, in every store. */
export const KEY_COLUMNS =
  'number, purpose, created_at_ms, fingerprint, withdrawn_as, withdrawn_at_ms, opens_until_ms';

/** The columns that a withdrawal sets. */
export const withdrawalValues = (
  withdrawal: KeyWithdrawal | undefined,
): readonly [string | null, number | null, number | null] => [
  withdrawal?.state ?? null,
  withdrawal?.atMs ?? null,
  withdrawal?.state === 'compromised' ? withdrawal.opensUntilMs : null,
];

/** The values of `KEY_COLUMNS`. */
export const keyValues = ({ number, purpose, createdAtMs, fingerprint, withdrawal }: RegisteredKey) =>
  [number, purpose, createdAtMs, fingerprint, ...withdrawalValues(withdrawal)] as const;

/** A key from a row with `KEY_COLUMNS`. */
export const toKey = (row: Readonly<Record<string, unknown>>): RegisteredKey => {
  const withdrawal = toWithdrawal(row);
  return {
    number: Number(row['number']),
    purpose: toPurpose(row['purpose']),
    createdAtMs: Number(row['created_at_ms']),
    fingerprint: String(row['fingerprint']),
    ...(withdrawal === undefined ? {} : { withdrawal }),
  };
};

const toPurpose = (value: unknown): KeyPurpose => {
  const purpose = KEY_PURPOSES.find((one) => one === value);
  if (purpose === undefined) throw new StoreError('unavailable', 'the store is damaged: keys.purpose');
  return purpose;
};

const toWithdrawal = (row: Readonly<Record<string, unknown>>): KeyWithdrawal | undefined => {
  const atMs = Number(row['withdrawn_at_ms']);
  switch (row['withdrawn_as']) {
    case null:
      return undefined;
    case 'compromised':
      return { state: 'compromised', atMs, opensUntilMs: Number(row['opens_until_ms']) };
    case 'retired':
      return { state: 'retired', atMs };
    default:
      throw new StoreError('unavailable', 'the store is damaged: keys.withdrawn_as');
  }
};
