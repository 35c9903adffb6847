import type { IncomingMessage } from 'node:http';

/** More than the server and the control API accept, so that they refuse a larger body themselves. */
const KEPT_MAX_BYTES = 65_536;
/** Of a body over its limit, so much is read and dropped, so that the client reads its answer. */
const DROPPED_MAX_BYTES = 1_048_576;

/** The body of a request; of one over 64 KiB a beginning that is over it too. `undefined` where the client left before its end. */
export const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (bytes <= KEPT_MAX_BYTES) chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > DROPPED_MAX_BYTES) break;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
};
