import { KeeperError } from '../../errors.ts';
import { createCsvReader } from './csv.ts';
import type { CsvRecord } from './csv.ts';
import { readLines } from './lines.ts';
import type { Line } from './lines.ts';

/** A row of the file: its values by column, or what is wrong with it. */
export type ImportRecord = { readonly line: number } & (
  { readonly values: Readonly<Record<string, unknown>> } | { readonly fault: string }
);

type Reader = {
  take(line: Line): readonly CsvRecord[];
  end(): readonly CsvRecord[];
  parse(record: CsvRecord): Readonly<Record<string, unknown>> | string | undefined;
};

/**
 * Reads a CSV file with a header, or a file with one JSON object per line, and yields the rows of one chunk at a time. Throws
 * `KeeperError` where it is neither. Nothing of the file is quoted: it holds tokens.
 */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly ImportRecord[]> {
  let reader: Reader | undefined;
  const parse = (records: readonly CsvRecord[]): ImportRecord[] =>
    records.flatMap((record) => {
      const parsed = reader?.parse(record);
      if (parsed === undefined) return [];
      return [
        typeof parsed === 'string'
          ? { line: record.line, fault: parsed }
          : { line: record.line, values: parsed },
      ];
    });
  for await (const lines of readLines(chunks)) {
    const records: CsvRecord[] = [];
    for (const line of lines) {
      if (line.text.trim() !== '' || line.isTooLong) reader ??= readerFor(line);
      records.push(...(reader?.take(line) ?? []));
    }
    yield parse(records);
  }
  yield parse(reader?.end() ?? []);
  if (reader === undefined) throw wrongFile('the file is empty: it has not even a header');
}

const wrongFile = (what: string): KeeperError =>
  new KeeperError(
    'import_file_wrong',
    what,
    'Give CSV with a header, or one JSON object per line; see "keyfob-keeper import --help".',
  );

const readerFor = ({ text }: Line): Reader => {
  const start = text.replace(/^\uFEFF/, '').trimStart();
  if (start.startsWith('['))
    throw wrongFile('the file is one JSON array: it must have one object per line instead');
  return start.startsWith('{') ? readJson() : readCsv();
};

const TOO_LONG = 'the row is too long';
const NOT_UTF8 = 'the row is not UTF-8';

const readJson = (): Reader => ({
  take: ({ number, text, isTooLong }) =>
    text.trim() === '' && !isTooLong ? [] : [{ line: number, fields: isTooLong ? undefined : [text] }],
  end: () => [],
  parse({ fields }) {
    const text = fields?.[0];
    if (text === undefined) return TOO_LONG;
    if (text.includes('\ufffd')) return NOT_UTF8;
    try {
      const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Record<string, unknown>)
        : 'the line is not a JSON object';
    } catch {
      return 'the line is not a JSON object';
    }
  },
});

const readCsv = (): Reader => {
  let header: readonly string[] | undefined;
  return {
    ...createCsvReader(),
    parse({ fields, isTooLong }) {
      if (header === undefined) {
        header = parseHeader(fields);
        return undefined;
      }
      if (fields === undefined) return isTooLong === true ? TOO_LONG : 'the quotes are wrong';
      if (fields.length !== header.length)
        return `it has ${fields.length} fields, and the header ${header.length}`;
      if (fields.some((field) => field.includes('\ufffd'))) return NOT_UTF8;
      return Object.fromEntries(header.map((name, at) => [name, fields[at]]));
    },
  };
};

const parseHeader = (fields: readonly string[] | undefined): readonly string[] => {
  const [first = '', ...others] = fields ?? [];
  if ((fields ?? []).some((field) => /[\ufffd\0]/.test(field))) throw wrongFile('the file is not UTF-8 text');
  if (others.length === 0 && /[;\t|]/.test(first)) throw wrongFile('the columns must be separated by commas');
  const header = [first.replace(/^\uFEFF/, ''), ...others].map((name) => name.trim());
  if (new Set(header).size < header.length) throw wrongFile('the header has the same column twice');
  return header;
};
