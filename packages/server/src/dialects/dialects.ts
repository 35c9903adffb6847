import type { DialectName } from '../clients/client.ts';
import type { Dialect } from './dialect.ts';
import { pleos } from './pleos/pleos.ts';
import { smartcar } from './smartcar/smartcar.ts';

/** Every wire spoken here. A new vendor is one more row. */
export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { smartcar, pleos };

/** The paths of all token endpoints. */
export const TOKEN_PATHS: ReadonlySet<string> = new Set(
  Object.values(DIALECTS).flatMap(({ tokenEndpoints }) => Object.keys(tokenEndpoints)),
);
