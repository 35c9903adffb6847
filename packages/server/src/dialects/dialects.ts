import { OperatorError } from '../errors.ts';
import type { Dialect, ParseTokenRequest } from './dialect.ts';
import { pleos } from './pleos/pleos.ts';
import { smartcar } from './smartcar/smartcar.ts';

/** An endpoint: the dialect it speaks, and what parses a POST to it. */
export type TokenEndpoint = { readonly dialect: Dialect; readonly parse: ParseTokenRequest };

/** Every dialect, by its name. A new vendor is one more entry. */
export const DIALECTS = { smartcar, pleos } as const satisfies Readonly<Record<string, Dialect>>;

/** The dialect of this name; `undefined` for an unknown name. */
export const findDialect = (name: string): Dialect | undefined =>
  Object.values(DIALECTS).find((dialect) => dialect.name === name);

/** The dialect that a client speaks. Throws `OperatorError` where a newer version registered it. */
export const dialectOf = ({
  id,
  dialect: name,
}: {
  readonly id: string;
  readonly dialect: string;
}): Dialect => {
  const dialect = findDialect(name);
  if (dialect !== undefined) return dialect;
  throw new OperatorError(
    'dialect_unknown',
    `client ${id} speaks the dialect ${name}, which this version does not know`,
    `Use the version that registered the client. Known here: ${Object.keys(DIALECTS).join(', ')}.`,
  );
};

const LONGEST_PREFIX_FIRST = Object.values(DIALECTS).sort(
  (left, right) => right.pathPrefix.length - left.pathPrefix.length,
);

/** By path: whose endpoint it is. */
export const TOKEN_ENDPOINTS: ReadonlyMap<string, TokenEndpoint> = new Map(
  Object.values(DIALECTS).flatMap((dialect) =>
    Object.entries(dialect.tokenEndpoints).map(([path, parse]) => [path, { dialect, parse }]),
  ),
);

/** The dialect that answers on a path: the one with the longest prefix that fits. */
export const dialectOfPath = (path: string): Dialect =>
  LONGEST_PREFIX_FIRST.find(({ pathPrefix }) => `${path}/`.startsWith(pathPrefix)) ?? smartcar;
