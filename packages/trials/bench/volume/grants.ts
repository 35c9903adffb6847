import type { Caller } from '@keyfob/server';
import { DIALECTS } from '@keyfob/server/dialects';
import type { Grant } from '@keyfob/server/grants';
import { toMillis } from '@keyfob/server/grants';
import type { GrantId } from '@keyfob/server/tokens';

/** The dialects alternate, so each has half of the grants. */
export const dialectAt = (index: number): 'smartcar' | 'pleos' => (index % 2 === 0 ? 'smartcar' : 'pleos');

/** The brand of a grant in the Pleos dialect. */
export const brandAt = (index: number): string =>
  DIALECTS.pleos.brands[(index >> 1) % DIALECTS.pleos.brands.length] ?? 'hyundai';

/** Scopes as wide as those of an app that plans charging. */
const SCOPES = [
  'read_vehicle_info read_odometer read_location',
  'read_vehicle_info read_charge read_battery',
  'read_odometer read_fuel read_location read_tires',
] as const;

/** The few machines on which the app refreshes. */
const CALLERS: readonly Caller[] = Array.from({ length: 8 }, (_, machine) => ({
  address: `10.20.0.${machine + 1}`,
  userAgent: 'charge-planner/2.1 (node 24)',
}));

const DAY_SECONDS = 86_400;
const MINUTE_MS = 60_000;

/**
 * The id of the grant with an index. Consecutive indexes give ids in random order. SplitMix64 is a permutation of 64 bits,
 * so no two grants have the same id, and ids need not be stored.
 */
export const grantIdAt = (index: number): GrantId => {
  let mixed = BigInt.asUintN(64, BigInt(index + 1) * 0x9e37_79b9_7f4a_7c15n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return BigInt.asIntN(64, mixed ^ (mixed >> 31n));
};

/**
 * A realistic grant: created within the last thirty days, and refreshed once, within the last two hours. Depends only on
 * the arguments.
 */
export const grantAt = (
  index: number,
  {
    clientId,
    nowMs,
    keyNumber,
  }: { readonly clientId: string; readonly nowMs: number; readonly keyNumber: number },
): Grant => ({
  id: grantIdAt(index),
  clientId,
  subject: `own_${index.toString(36).padStart(8, '0')}`,
  scope: SCOPES[index % SCOPES.length] ?? SCOPES[0],
  brand: dialectAt(index) === 'pleos' ? brandAt(index) : undefined,
  createdAtMs: nowMs - toMillis(DAY_SECONDS + ((index * 7919) % (29 * DAY_SECONDS))),
  generation: 1,
  keyNumber,
  rotatedAtMs: [nowMs - 20 * MINUTE_MS - ((index * 104_729) % (100 * MINUTE_MS))],
  rotatedBy: CALLERS[index % CALLERS.length],
  useDigest: undefined,
  revocation: undefined,
});
