import type { DialectName } from '../clients/client.ts';
import type { Dialect } from './dialect.ts';
import { pleos } from './pleos.ts';
import { smartcar } from './smartcar.ts';

/** Every wire spoken here. A new vendor is one more row. */
export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { smartcar, pleos };

const LONGEST_PREFIX_FIRST = Object.values(DIALECTS).sort(
  (left, right) => right.pathPrefix.length - left.pathPrefix.length,
);

/** Whose path it is. Smartcar's prefix is the root, so every path has an owner. */
export const dialectOf = (path: string): Dialect =>
  LONGEST_PREFIX_FIRST.find(({ pathPrefix }) => `${path}/`.startsWith(pathPrefix)) ?? smartcar;
