import { types } from 'pg';

/** The numbers of types. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const BYTEA = 17;
const INT8 = 20;

/** Reads a column as SQLite's driver does: bytes as `Uint8Array`, integers as numbers; ours stay below 2 ** 53. */
export const columnParserOf = (type: number, format?: 'text'): ((text: string) => unknown) => {
  if (type === INT8) return Number;
  if (type === BYTEA) return (text) => new Uint8Array(Buffer.from(text.slice('\\x'.length), 'hex'));
  return types.getTypeParser(type, format);
};
