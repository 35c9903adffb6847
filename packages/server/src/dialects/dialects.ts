import type { DialectName } from '../clients/client.ts';
import type { Dialect, ParseTokenRequest } from './dialect.ts';
import { pleos } from './pleos/pleos.ts';
import { smartcar } from './smartcar/smartcar.ts';

/** An endpoint: the dialect it speaks, and what parses a POST to it. */
export type TokenEndpoint = { readonly dialect: Dialect; readonly parse: ParseTokenRequest };

/** Every wire spoken here. A new vendor is one more row. */
export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { smartcar, pleos };

const LONGEST_PREFIX_FIRST = Object.values(DIALECTS).sort(
  (left, right) => right.pathPrefix.length - left.pathPrefix.length,
);

/** By path: whose endpoint it is. */
export const TOKEN_ENDPOINTS: ReadonlyMap<string, TokenEndpoint> = new Map(
  Object.values(DIALECTS).flatMap((dialect) =>
    Object.entries(dialect.tokenEndpoints).map(([path, parse]) => [path, { dialect, parse }]),
  ),
);

/** Whose path it is. Smartcar's prefix is the root, so every path has an owner. */
export const dialectOf = (path: string): Dialect =>
  LONGEST_PREFIX_FIRST.find(({ pathPrefix }) => `${path}/`.startsWith(pathPrefix)) ?? smartcar;
