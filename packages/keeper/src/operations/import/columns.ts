import { KeeperError } from '../../errors.ts';
import type { Client } from '../../providers/clients.ts';
import type { PutRow } from '../../putting/put-many.ts';
import { paramsOf } from '../../refresh/write-request.ts';
import type { Millis } from '../../time.ts';
import { findTokens, memberOf, plainName, tokensOf } from '../read-tokens.ts';

/** Columns that may have the name of a connection, the best first. */
const NAMES = [
  'name',
  'connection',
  'connectionname',
  'connectionid',
  'vin',
  'vehicleid',
  'userid',
  'ownerid',
  'externalid',
  'id',
];
const CLIENTS = ['client', 'clientname', 'provider', 'service'];

/** How rows become connections. */
export type Mapping = {
  readonly clients: Readonly<Record<string, Client>>;
  /** For rows without a column of their own. */
  readonly client: string | undefined;
  /** The column with the names, where it is not recognised. */
  readonly nameColumn: string | undefined;
  readonly nowMs: Millis;
};

/** What a column was taken for. */
export type Recognised = {
  readonly name: string;
  readonly client: string | undefined;
  readonly tokens: readonly string[];
  readonly params: readonly string[];
  readonly ignored: readonly string[];
};

const firstOf = (columns: readonly string[], wanted: readonly string[]): string | undefined =>
  wanted
    .map((name) => columns.find((column) => plainName(column) === name))
    .find((column) => column !== undefined);

/** Recognises columns by their names. Throws `KeeperError` where there is none for the name of a connection. */
export const recogniseColumns = (
  columns: readonly string[],
  { clients, nameColumn }: Mapping,
): Recognised => {
  const name = nameColumn ?? firstOf(columns, NAMES);
  if (name === undefined || !columns.includes(name))
    throw new KeeperError(
      'import_file_wrong',
      nameColumn === undefined
        ? 'no column has the names of the connections'
        : `there is no column ${nameColumn}`,
      'Name it with --name-column; "name", "vin", "vehicle_id", "user_id" and "id" are recognised.',
    );
  const client = firstOf(
    columns.filter((column) => column !== name),
    CLIENTS,
  );
  const known = new Set(Object.values(clients).flatMap(({ provider }) => paramsOf(provider)));
  const params = columns.filter((column) => known.has(column.toLowerCase()) || column === 'params');
  const tokens = columns.filter((column) => memberOf(column) !== undefined || column === 'data');
  const used = new Set([name, client, ...params, ...tokens]);
  return { name, client, params, tokens, ignored: columns.filter((column) => !used.has(column)) };
};

/** The connection of a row. Throws `KeeperError` that says what is wrong; no value is quoted. */
export const rowOf = (
  values: Readonly<Record<string, unknown>>,
  recognised: Recognised,
  mapping: Mapping,
): PutRow => ({
  name: nameIn(values[recognised.name]),
  client: clientOf(recognised.client === undefined ? undefined : values[recognised.client], mapping),
  tokens: tokensOf(findTokens(values), mapping.nowMs),
  params: paramsIn(values, recognised.params),
});

/** A text, or a number as tables have them; anything else is refused as no name. */
const nameIn = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

/** A client by its name, or by its provider where only one client has it. */
const clientOf = (value: unknown, { clients, client }: Mapping): string => {
  const names = Object.keys(clients);
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '') {
    const [only] = names;
    if (client !== undefined) return client;
    if (only !== undefined && names.length === 1) return only;
    throw new KeeperError(
      'client_unknown',
      'the row has no client',
      `Name one with --client: ${names.join(', ')}.`,
    );
  }
  if (Object.hasOwn(clients, text)) return text;
  const ofProvider = names.filter((name) => clients[name]?.provider.name === text.toLowerCase());
  const [one] = ofProvider;
  if (one !== undefined && ofProvider.length === 1) return one;
  throw new KeeperError(
    'client_unknown',
    'the client of the row is not in the settings',
    `Use one of ${names.join(', ')}.`,
  );
};

const paramsIn = (
  values: Readonly<Record<string, unknown>>,
  columns: readonly string[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    columns.flatMap((column) => {
      const value = values[column];
      if (column === 'params' && typeof value === 'object' && value !== null)
        return Object.entries(value).map(([name, one]) => [name, String(one)]);
      return typeof value === 'string' && value.trim() !== '' ? [[column.toLowerCase(), value.trim()]] : [];
    }),
  );
