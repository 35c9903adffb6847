import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** The parts of a request. They are not checked, so that tests can send what no HTTP client would send. */
export type RequestParts = {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** A list sends the header once per value; `undefined` omits the header. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string | Buffer;
};

/** The bytes of a request. Adds the correct `Content-Length` unless the headers have it or `Transfer-Encoding`. */
export const writeRequest = (parts: RequestParts): Buffer => {
  const { method = 'POST', target = '/', version = 'HTTP/1.1', headers = {}, body = '' } = parts;
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const isFramed = names.has('content-length') || names.has('transfer-encoding');
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}\r\n`),
  );
  if (!isFramed) lines.push(`Content-Length: ${Buffer.byteLength(body)}\r\n`);
  const head = `${method} ${target} ${version}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
};

/** A body in the chunked transfer coding, with `bytesPerChunk` bytes per chunk. */
export const writeChunks = (body: string, bytesPerChunk: number): string => {
  const chunks = [];
  for (let at = 0; at < body.length; at += bytesPerChunk) {
    const chunk = body.slice(at, at + bytesPerChunk);
    chunks.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  }
  return `${chunks.join('')}0\r\n\r\n`;
};

/** A response as received. Header names are in lower case. */
export type RawResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A connection whose client side stays open until `close`, even if the server ends its side. */
export type RawConnection = {
  readonly socket: Socket;
  /** Resolves with all responses when the server has ended its side or reset the connection. */
  readonly ended: Promise<readonly RawResponse[]>;
  /** Resolves when at least this number of responses has begun to arrive. */
  received(responses: number): Promise<void>;
  close(): void;
};

/** Opens a connection to a server and writes these bytes. */
export const openRaw = async (url: string, bytes: Buffer | string): Promise<RawConnection> => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  const ended = new Promise<readonly RawResponse[]>((resolve) => {
    const finish = (): void => resolve(readResponses(received));
    socket.on('end', finish).on('close', finish).on('error', finish);
  });
  await once(socket, 'connect');
  socket.write(bytes);
  return {
    socket,
    ended,
    async received(responses) {
      while (received.split('HTTP/1.1 ').length - 1 < responses) await once(socket, 'data');
    },
    close: () => socket.destroy(),
  };
};

/**
 * Sends these bytes on a new connection. Returns every response until the server ends the connection. With `isCutShort`,
 * the client ends its side as soon as the bytes are sent.
 */
export const sendRaw = async (
  url: string,
  bytes: Buffer | string,
  { isCutShort = false } = {},
): Promise<readonly RawResponse[]> => {
  const connection = await openRaw(url, bytes);
  if (isCutShort) connection.socket.end();
  const responses = await connection.ended;
  connection.close();
  return responses;
};

const LAST_CHUNK = '0\r\n\r\n';

/** Splits the received text into responses, by `Content-Length` or last chunk. An interim response (1xx) has no body. */
const readResponses = (received: string): readonly RawResponse[] => {
  const responses: RawResponse[] = [];
  let rest = received;
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const isChunked = headers['transfer-encoding'] === 'chunked';
    const bodyStart = headEnd + 4;
    const bodyEnd = isChunked
      ? rest.indexOf(LAST_CHUNK, bodyStart) + LAST_CHUNK.length
      : bodyStart + Number(headers['content-length'] ?? 0);
    const body = Buffer.from(rest.slice(bodyStart, bodyEnd), 'latin1').toString('utf8');
    responses.push({ status: Number(statusLine.split(' ')[1]), headers, body });
    rest = rest.slice(bodyEnd);
  }
  return responses;
};
