import { createReadStream, statSync } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { KeeperError } from '../../errors.ts';

/** A file or standard input that rows are read from. */
export type ImportSource = {
  /** Its content, decompressed if it was compressed with gzip. Throws `KeeperError` if it cannot be read. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The share that has been read, 0 to 1; `undefined` if the size is unknown. */
  share(): number | undefined;
  /** Its access mode, if others than its owner may read it. */
  readonly openMode: string | undefined;
};

const STDIN = '-';
const MODE_BITS = 0o777;
const OTHERS_READ = 0o044;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** Opens a file, or `input` for `-`. Throws `KeeperError` if the file does not exist. */
export const openImportSource = (path: string, input: AsyncIterable<Uint8Array>): ImportSource => {
  const isStdin = path === STDIN;
  const name = isStdin ? 'standard input' : path;
  const found = isStdin ? undefined : onFile(name, () => statSync(path));
  const totalBytes = found?.isFile() === true ? found.size : undefined;
  const mode = (found?.mode ?? 0) & MODE_BITS;
  let readBytes = 0;
  const count = (bytes: number): void => void (readBytes += bytes);
  const stream: AsyncIterable<Uint8Array> = isStdin ? input : createReadStream(path);
  return {
    chunks: decompress(countBytes(stream, name, count), name),
    share: () => (totalBytes === undefined || totalBytes === 0 ? undefined : readBytes / totalBytes),
    openMode: totalBytes !== undefined && (mode & OTHERS_READ) !== 0 ? mode.toString(8) : undefined,
  };
};

async function* countBytes(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) {
      count(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw unreadable(error, name);
  }
}

/** Decompresses gzip, which is recognised by its first bytes and not by the name of the file. */
async function* decompress(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const head: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < GZIP_MAGIC.length) {
    const next = await chunks.next();
    if (next.done === true) break;
    head.push(next.value);
    bytes += next.value.length;
  }
  const first = Buffer.concat(head);
  const all = prepend(first, chunks);
  if (!GZIP_MAGIC.every((byte, at) => first[at] === byte)) return yield* all;
  const unzipped = createGunzip();
  pipeline(Readable.from(all), unzipped, () => {});
  try {
    yield* unzipped as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(error, name);
  }
}

async function* prepend(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

const onFile = <Result>(name: string, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    throw unreadable(error, name);
  }
};

const unreadable = (error: unknown, name: string): KeeperError => {
  if (error instanceof KeeperError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new KeeperError(
    'import_unreadable',
    `${name} cannot be read (${code})`,
    'Pass a CSV file with a header, a file with one JSON object per line (either may be compressed with gzip), or - for standard input.',
    { cause: error },
  );
};
