import { createCsvReader } from './csv.ts';
import type { CsvRecord } from './csv.ts';
import type { ImportFault } from './fault.ts';
import { readLines } from './lines.ts';
import type { Line } from './lines.ts';

/** The members that a row may have. The header of a CSV file names its columns. */
export const FIELDS = [
  'client',
  'subject',
  'scope',
  'brand',
  'refresh_token',
  'refresh_token_sha256',
  'expires_at',
  'created_at',
  'vehicles',
] as const;
export type Field = (typeof FIELDS)[number];
export type Fields = Readonly<Partial<Record<Field, unknown>>>;

/** A row of the file. Rows count from 1, without the header. */
export type ImportRecord = { readonly row: number; readonly line: number } & (
  { readonly fields: Fields } | { readonly fault: ImportFault }
);

/** The header is unusable; the message says why. */
export class HeaderError extends Error {
  override readonly name = 'HeaderError';
}

type Reader = {
  take(line: Line): readonly CsvRecord[];
  end(): readonly CsvRecord[];
  parse(record: CsvRecord): Fields | ImportFault | 'header';
};

/** Reads a CSV file with a header, or a file with one JSON object per line, and yields the rows of one chunk at a time. */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly ImportRecord[]> {
  let reader: Reader | undefined;
  let row = 0;
  const number = (records: readonly CsvRecord[]): ImportRecord[] =>
    records.flatMap((record) => {
      const parsed = reader?.parse(record) ?? 'header';
      if (parsed === 'header') return [];
      const at = { row: ++row, line: record.line };
      return [typeof parsed === 'string' ? { ...at, fault: parsed } : { ...at, fields: parsed }];
    });
  for await (const lines of readLines(chunks)) {
    const records: CsvRecord[] = [];
    for (const line of lines) {
      if (line.text.trim() !== '' || line.isTooLong) reader ??= readerFor(line);
      records.push(...(reader?.take(line) ?? []));
    }
    yield number(records);
  }
  yield number(reader?.end() ?? []);
  if (reader === undefined) throw new HeaderError('the file is empty: it has not even a header');
}

const readerFor = ({ text }: Line): Reader => {
  const start = text.trimStart();
  if (start.startsWith('['))
    throw new HeaderError('the file is one JSON array: it must have one object per line instead');
  return start.startsWith('{') ? readJson() : readCsv();
};

const readJson = (): Reader => ({
  take: ({ number, text, isTooLong }) =>
    text.trim() === '' && !isTooLong ? [] : [{ line: number, fields: isTooLong ? undefined : [text] }],
  end: () => [],
  parse({ fields }) {
    if (fields === undefined) return 'too_long';
    return parseJson(fields[0] ?? '');
  },
});

const parseJson = (text: string): Fields | ImportFault => {
  if (text.includes('\ufffd')) return 'not_utf8';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'json_malformed';
    return Object.keys(value).every((name) => FIELDS.some((field) => field === name))
      ? value
      : 'field_unknown';
  } catch {
    return 'json_malformed';
  }
};

const readCsv = (): Reader => {
  let header: readonly Field[] | undefined;
  return {
    ...createCsvReader(),
    parse({ fields, isTooLong }) {
      if (header === undefined) {
        header = parseHeader(fields);
        return 'header';
      }
      if (fields === undefined) return isTooLong === true ? 'too_long' : 'csv_malformed';
      if (fields.length !== header.length) return 'csv_width';
      if (fields.some((field) => field.includes('\ufffd'))) return 'not_utf8';
      return Object.fromEntries(header.map((name, at) => [name, fields[at]]));
    },
  };
};

const parseHeader = (fields: readonly string[] | undefined): readonly Field[] => {
  refuseOtherFormat(fields ?? []);
  const names = (fields ?? []).map((name) => name.trim().toLowerCase());
  const header = names.map((name) => {
    const field = FIELDS.find((one) => one === name);
    if (field !== undefined) return field;
    throw new HeaderError(`the header has an unknown column; the known ones are ${FIELDS.join(', ')}`);
  });
  if (new Set(header).size < header.length) throw new HeaderError('the header has the same column twice');
  const needed = ['client', 'subject', 'expires_at'] as const;
  const missing: string[] = needed.filter((name) => !header.includes(name));
  if (!header.some((name) => name === 'refresh_token' || name === 'refresh_token_sha256'))
    missing.push('refresh_token or refresh_token_sha256');
  if (missing.length > 0) throw new HeaderError(`the header lacks ${missing.join(', ')}`);
  return header;
};

/** Reports what the file probably is instead, without quoting it: it may contain tokens. */
const refuseOtherFormat = (fields: readonly string[]): void => {
  const [first = ''] = fields;
  if (fields.some((field) => /[\ufffd\0]/.test(field))) throw new HeaderError('the file is not UTF-8 text');
  if (fields.length === 1 && /[;\t|]/.test(first))
    throw new HeaderError('the columns must be separated by commas');
};
