import { connect } from 'node:net';
import type { RawResponse } from '../support/raw-request.ts';

/** Longer than any of the server's own limits: a connection that is still silent then hangs. */
const HANG_MS = 30_000;

const HEAD = /^HTTP\/1\.1 (?<status>[1-5][0-9]{2}) [A-Z][\w -]*(?:\r\n[A-Za-z-]+: [\x20-\x7e]*)*$/;

/** A connection on which answers are read as they come, strictly. */
export type Conversation = {
  write(bytes: Buffer): void;
  /**
   * The next answers, one for each request; of a request by HEAD (`true`) without a body. Fewer where the connection
   * ended or broke before.
   */
  answers(isHead: readonly boolean[]): Promise<readonly RawResponse[]>;
  /** Ends this side, and gives every answer until the server ends its own. */
  finish(): Promise<readonly RawResponse[]>;
  /** Gives every answer until the server ends its side, this one staying open. */
  untilEnded(): Promise<readonly RawResponse[]>;
  isOpen(): boolean;
  /** What was wrong with the answers as HTTP, or with the connection. */
  fault(): string | undefined;
  close(): void;
  reset(): void;
};

/** Connects to a server. */
export const converse = (url: string): Conversation => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
  let received = '';
  let isOpen = true;
  const seen: { fault?: string } = {};
  let notice: (() => void) | undefined;
  const end = (): void => {
    isOpen = false;
    notice?.();
  };
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    notice?.();
  });
  socket.on('end', end).on('close', end);
  socket.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE')
      seen.fault ??= `the connection broke: ${error.message}`;
    end();
  });
  socket.setTimeout(HANG_MS, () => {
    seen.fault ??= `no word from the server for ${HANG_MS / 1000} s`;
    socket.destroy();
  });

  /** The next answer, once it is there in full; those in between (1xx) are passed over. */
  const take = (isHead: boolean): RawResponse | undefined => {
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const head = received.slice(0, headEnd);
    const status = Number(HEAD.exec(head)?.groups?.['status']);
    if (Number.isNaN(status)) {
      seen.fault ??= `an answer is no HTTP: ${JSON.stringify(head.slice(0, 300))}`;
      socket.destroy();
      return undefined;
    }
    const headers = readHeaders(head);
    const length = Number(headers['content-length'] ?? (status < 200 ? 0 : Number.NaN));
    if (Number.isNaN(length)) seen.fault ??= `an answer has no length: ${JSON.stringify(head)}`;
    const bodyEnd = headEnd + 4 + (isHead || Number.isNaN(length) ? 0 : length);
    if (received.length < bodyEnd) return undefined;
    const body = Buffer.from(received.slice(headEnd + 4, bodyEnd), 'latin1').toString();
    received = received.slice(bodyEnd);
    return status < 200 ? take(isHead) : { status, headers, body };
  };

  const collect = async (isHeadOf: (index: number) => boolean, count: number): Promise<RawResponse[]> => {
    const answers: RawResponse[] = [];
    while (answers.length < count && seen.fault === undefined) {
      const answer = take(isHeadOf(answers.length));
      if (answer !== undefined) answers.push(answer);
      else if (isOpen) await new Promise<void>((resolve) => (notice = resolve));
      else break;
    }
    return answers;
  };
  const collectAll = async (): Promise<RawResponse[]> => {
    const answers = await collect(() => false, Infinity);
    if (received !== '') seen.fault ??= `half an answer: ${JSON.stringify(received.slice(0, 300))}`;
    socket.destroy();
    return answers;
  };

  return {
    write: (bytes) => void socket.write(bytes),
    async answers(isHead) {
      const answers = await collect((index) => isHead[index] ?? false, isHead.length);
      if (answers.length === isHead.length && received !== '')
        seen.fault ??= `more than was asked for: ${JSON.stringify(received.slice(0, 300))}`;
      return answers;
    },
    async finish() {
      socket.end();
      return collectAll();
    },
    untilEnded: collectAll,
    isOpen: () => isOpen && socket.writable,
    fault: () => seen.fault,
    close: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
  };
};

const readHeaders = (head: string): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 2);
  }
  return headers;
};
