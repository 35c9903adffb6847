import { RECORD_MAX_CHARACTERS } from './lines.ts';
import type { Line } from './lines.ts';

/** A record of a CSV file: its fields, or `undefined` where its quotes are wrong or it is too long. */
export type CsvRecord = {
  readonly line: number;
  readonly fields: readonly string[] | undefined;
  readonly isTooLong?: boolean;
};

/** A field and its end; a quote within a quoted field is doubled. @see RFC 4180 §2 */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)/y;

/** The fields of one record; `undefined` if an unquoted field contains a quote, or text follows a closing quote. */
export const parseCsvRecord = (text: string): readonly string[] | undefined => {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (;;) {
    const found = FIELD.exec(text);
    if (found === null) return undefined;
    const [, quoted, plain = '', end] = found;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '') return fields;
  }
};

/**
 * Joins lines to records, because a quoted field may span several lines. A quote that is never closed makes only its own line
 * invalid.
 */
export const createCsvReader = () => {
  let open: Line[] = [];
  let quotes = 0;
  let length = 0;

  const take = (line: Line): readonly CsvRecord[] => {
    open.push(line);
    quotes += line.text.split('"').length - 1;
    length += line.text.length + 1;
    if (quotes % 2 === 1 && length <= RECORD_MAX_CHARACTERS && !line.isTooLong) return [];
    return close();
  };

  /** The record of all open lines. If they are not a valid one, the first is a record of its own and the others are read again. */
  const close = (): readonly CsvRecord[] => {
    const [first, ...others] = open;
    const text = open.map((line) => line.text).join('\n');
    open = [];
    quotes = 0;
    length = 0;
    if (first === undefined || (text === '' && !first.isTooLong)) return [];
    if (first.isTooLong) return [{ line: first.number, fields: undefined, isTooLong: true }];
    const fields = parseCsvRecord(text);
    const isOne = others.length === 0 || (fields !== undefined && !others.some((line) => line.isTooLong));
    if (isOne) return [{ line: first.number, fields }];
    return [{ line: first.number, fields: undefined }, ...others.flatMap(take)];
  };

  return {
    take,
    /** The records that are left after the last line. */
    end(): readonly CsvRecord[] {
      const records: CsvRecord[] = [];
      while (open.length > 0) records.push(...close());
      return records;
    },
  };
};
