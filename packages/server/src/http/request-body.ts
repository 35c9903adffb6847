import type { IncomingMessage } from 'node:http';

/** Bytes beyond the limit that are read and discarded, so that the refusal reaches a client that is still sending. */
export const DISCARD_MAX_BYTES = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Reads a whole body and passes it on, once. A body over its limit is discarded as it arrives, for at most a MiB more. A
 * request that is cut off is never passed on.
 */
export const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | 'too_large') => void,
): void => {
  // A host has drained the request, which had no body.
  if (request.readableEnded && !request.readableDidRead) return done(EMPTY);
  if (!request.complete) return collectBody(request, maxBytes, done);
  if (request.destroyed) return;
  // The body has arrived: one read is several times cheaper than a stream's events.
  const body = toBytes(request, (request.read() as Buffer | string | null) ?? EMPTY);
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
  request.on('data', (data: Buffer | string) => {
    const chunk = toBytes(request, data);
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks = [];
    if (bytes > maxBytes + DISCARD_MAX_BYTES) finish();
  });
  const giveUp = (): void => {
    isDone = true;
  };
  request.on('end', finish);
  request.on('error', giveUp);
  // HTTP/2 ends the stream of a request that is cut off without an error.
  request.on('aborted', giveUp);
};

/** A host may have set an encoding: then the stream has strings. */
const toBytes = ({ readableEncoding }: IncomingMessage, data: Buffer | string): Buffer =>
  typeof data === 'string' ? Buffer.from(data, readableEncoding ?? 'utf8') : data;
