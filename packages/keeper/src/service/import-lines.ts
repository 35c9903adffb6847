import * as v from 'valibot';
import { StoreError } from '../errors.ts';
import type { ServiceKey } from '../stores/service-keys.ts';
import type { PutRow } from '../putting/put-many.ts';
import { pairLine, reasonFor, toRow } from './pair-body.ts';
import { describeIssues } from './read-request.ts';
import type { ServiceContext } from './route.ts';

/** What happened to one row. */
type RowResult = {
  readonly line: number;
  readonly name: string | null;
  readonly status?: string;
  readonly error?: { readonly code: string; readonly detail: string; readonly remedy: string };
};
type Ended =
  | 'complete'
  | 'too_many_rows'
  | 'too_many_bytes'
  | 'results_unread'
  | 'store_unavailable'
  | 'stopping'
  | 'cut_off';
type Summary = {
  readonly ended: Ended;
  readonly rows: number;
  readonly counts: Readonly<Record<string, number>>;
};

const ROWS_MAX = 100_000;
const BODY_MAX_BYTES = 64 * 1024 * 1024;
const LINE_MAX_BYTES = 65_536;
const LINE_FEED = 10;
/** Rows that share a commit. */
const AT_ONCE = 200;

/**
 * Keeps the pairs of a body of lines, some at a time, and yields what happened to each, in order, and a summary. It ends where
 * `isFull`: nobody reads what it yields.
 */
export const importLines = async function* (
  context: ServiceContext,
  key: ServiceKey,
  body: ReadableStream<Uint8Array> | null,
  isFull: () => boolean,
): AsyncGenerator<RowResult | Summary> {
  const counts: Record<string, number> = {};
  let rows = 0;
  let ended: Ended = 'complete';
  const reader = readLines(body, (why) => (ended = why));
  for await (const batch of reader) {
    if (context.isStopping()) {
      ended = 'stopping';
      break;
    }
    if (isFull()) {
      ended = 'results_unread';
      break;
    }
    const results = await keepRows(
      context,
      key,
      batch.map((one) => readRow(key, one)),
    );
    for (const result of results) {
      rows += 1;
      const outcome = result.status ?? 'failed';
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      yield result;
    }
    if (results.some(({ error }) => error?.code === 'store_unavailable')) {
      ended = 'store_unavailable';
      break;
    }
  }
  yield { ended, rows, counts };
};

type Line = { readonly line: number; readonly text: string };

/** The lines of a body in batches, numbered, empty ones left out, within the limits. */
const readLines = async function* (
  body: ReadableStream<Uint8Array> | null,
  end: (why: Ended) => void,
): AsyncGenerator<readonly Line[]> {
  let number = 0;
  let batch: Line[] = [];
  for await (const texts of splitLines(body, end)) {
    for (const text of texts) {
      number += 1;
      if (number > ROWS_MAX) {
        if (batch.length > 0) yield batch;
        return end('too_many_rows');
      }
      if (text.trim() !== '') batch.push({ line: number, text });
      if (batch.length < AT_ONCE) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
};

/** The lines of each piece of a body that arrives. A line without an end is one of the next piece. */
const splitLines = async function* (
  body: ReadableStream<Uint8Array> | null,
  end: (why: Ended) => void,
): AsyncGenerator<readonly string[]> {
  let bytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) return end('too_many_bytes');
      const whole = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      const lastEnd = whole.lastIndexOf(LINE_FEED);
      rest = whole.subarray(lastEnd + 1);
      if (lastEnd !== -1) yield whole.toString('utf8', 0, lastEnd).split('\n');
      if (rest.length > LINE_MAX_BYTES) {
        yield [TOO_LONG];
        return end('too_many_bytes');
      }
    }
  } catch {
    // The client has gone, or its connection has.
    return end('cut_off');
  }
  if (rest.length > 0) yield [rest.toString('utf8')];
};

/** Stands for a line that is not kept in memory. */
const TOO_LONG = '\0';

/** A row that can be kept, or what is wrong with it. */
type ReadRow = { readonly line: number; readonly row: PutRow } | RowResult;

const refuse = (
  line: number,
  name: string | null,
  code: string,
  detail: string,
  remedy: string,
): RowResult => ({
  line,
  name,
  error: { code, detail, remedy },
});

const readRow = (key: ServiceKey, { line, text }: Line): ReadRow => {
  const { namePrefix } = key;
  if (text === TOO_LONG || text.length > LINE_MAX_BYTES)
    return refuse(
      line,
      null,
      'line_too_long',
      `The line has more than ${LINE_MAX_BYTES} bytes`,
      'Shorten it.',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(line, null, 'line_not_json', 'The line is not JSON', 'Write one JSON object a line.');
  }
  const parsed = v.safeParse(pairLine, value);
  if (!parsed.success)
    return refuse(
      line,
      nameIn(value),
      'input_invalid',
      describeIssues(parsed.issues),
      'Correct it. /openapi.json describes a line.',
    );
  const { name, ...pair } = parsed.output;
  if (namePrefix !== undefined && !name.startsWith(namePrefix))
    return refuse(
      line,
      name,
      'name_not_visible',
      `The key sees only names that begin with "${namePrefix}"`,
      'Use a key for this name.',
    );
  return { line, row: toRow(name, pair, key) };
};

/** Keeps the rows that can be kept, and answers for all of them, in their order. */
const keepRows = async (
  { keeper }: ServiceContext,
  key: ServiceKey,
  read: readonly ReadRow[],
): Promise<readonly RowResult[]> => {
  const wanted = read.flatMap((one) => ('row' in one ? [one.row] : []));
  const kept = await keeper.putMany(wanted).catch((error: unknown) => {
    if (error instanceof StoreError) return undefined;
    throw error;
  });
  let next = 0;
  return read.map((one) => {
    if (!('row' in one)) return one;
    const result = kept?.[next++];
    const { line } = one;
    const { name } = one.row;
    if (result === undefined)
      return refuse(
        line,
        name,
        'store_unavailable',
        'The store cannot be reached',
        'Import from this line on again.',
      );
    if (result.status !== 'refused') return { line, name, status: result.status };
    return refuse(line, name, result.code, reasonFor(key, result), result.remedy);
  });
};

const nameIn = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
    ? value.name.slice(0, 200)
    : null;
