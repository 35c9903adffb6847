import type { IncomingMessage } from 'node:http';

/** More than the server accepts, so that it can refuse a large body itself. */
const KEPT_MAX_BYTES = 65_536;
/** Of a body over its limit, so much is read and dropped, so that the client reads its answer. */
const DROPPED_MAX_BYTES = 1_048_576;

/** The body of a request: at most the first 64 KiB of it. `undefined` where the client left before its end. */
export const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= KEPT_MAX_BYTES) chunks.push(chunk);
      if (bytes > DROPPED_MAX_BYTES) break;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
};
