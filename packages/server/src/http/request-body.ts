import type { IncomingMessage } from 'node:http';

/** Bytes of a body beyond its limit that are read and dropped, so that the refusal reaches a client still sending. */
const DISCARD_MAX_BYTES = 1024 * 1024;

/**
 * Reads a body whole and hands it over, once. One over its limit is dropped as it comes, to its end or to a MiB beyond. A
 * request that is cut off before its end is never handed over.
 */
export const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | 'too_large') => void,
): void => {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    if (bytes > maxBytes) return done('too_large');
    done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
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
