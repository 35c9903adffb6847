import type { IncomingMessage } from 'node:http';

/** Bytes of a body beyond its limit that are read and dropped, so that the refusal reaches a client still sending. */
export const DISCARD_MAX_BYTES = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Reads a body whole and hands it over, once. One over its limit is dropped as it comes, to its end or to a MiB beyond. A
 * request that is cut off before its end is never handed over.
 */
export const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | 'too_large') => void,
): void => {
  if (!request.complete) return collectBody(request, maxBytes, done);
  if (request.destroyed) return;
  // Here already: one read, where a stream's events would cost several times that.
  const body = (request.read() as Buffer | null) ?? EMPTY;
  done(body.length > maxBytes ? 'too_large' : body);
};

const collectBody: typeof readBody = (request, maxBytes, done) => {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    done(bytes > maxBytes ? 'too_large' : Buffer.concat(chunks));
  };
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks = [];
    if (bytes > maxBytes + DISCARD_MAX_BYTES) finish();
  });
  request.on('end', finish);
  request.on('error', () => {
    isDone = true;
  });
};
