import { connect } from 'node:net';
import type { RawResponse } from '../support/raw-request.ts';

/** Longer than any limit of the server. A connection without data for this long hangs. */
const HANG_MS = 30_000;

const HEAD = /^HTTP\/1\.1 (?<status>[1-5][0-9]{2}) [A-Z][\w -]*(?:\r\n[A-Za-z-]+: [\x20-\x7e]*)*$/;

/** A connection whose answers are parsed strictly as they arrive. */
export type Conversation = {
  write(bytes: Buffer): void;
  /**
   * The next answers, one per request. `true` marks a HEAD request, whose answer has no body. Returns fewer answers if the
   * connection ends or breaks.
   */
  answers(isHead: readonly boolean[]): Promise<readonly RawResponse[]>;
  /** Ends this side of the connection and returns every answer until the server ends its side. */
  finish(): Promise<readonly RawResponse[]>;
  /** Returns every answer until the server ends its side. This side stays open. */
  untilEnded(): Promise<readonly RawResponse[]>;
  isOpen(): boolean;
  /** The first fault in the HTTP syntax of the answers, or in the connection. */
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
  const first: { fault?: string } = {};
  let wake: (() => void) | undefined;
  const end = (): void => {
    isOpen = false;
    wake?.();
  };
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    wake?.();
  });
  socket.on('end', end).on('close', end);
  socket.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE')
      first.fault ??= `the connection broke: ${error.message}`;
    end();
  });
  socket.setTimeout(HANG_MS, () => {
    first.fault ??= `the server sent nothing for ${HANG_MS / 1000} s`;
    socket.destroy();
  });

  /** The next complete answer, or `undefined`. Skips interim answers (1xx). */
  const take = (isHead: boolean): RawResponse | undefined => {
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const head = received.slice(0, headEnd);
    const status = Number(HEAD.exec(head)?.groups?.['status']);
    if (Number.isNaN(status)) {
      first.fault ??= `an answer is not valid HTTP: ${JSON.stringify(head.slice(0, 300))}`;
      socket.destroy();
      return undefined;
    }
    const headers = readHeaders(head);
    const length = Number(headers['content-length'] ?? (status < 200 ? 0 : Number.NaN));
    if (Number.isNaN(length)) first.fault ??= `an answer has no length: ${JSON.stringify(head)}`;
    const bodyEnd = headEnd + 4 + (isHead || Number.isNaN(length) ? 0 : length);
    if (received.length < bodyEnd) return undefined;
    const body = Buffer.from(received.slice(headEnd + 4, bodyEnd), 'latin1').toString();
    received = received.slice(bodyEnd);
    return status < 200 ? take(isHead) : { status, headers, body };
  };

  const collect = async (isHeadOf: (index: number) => boolean, count: number): Promise<RawResponse[]> => {
    const answers: RawResponse[] = [];
    while (answers.length < count && first.fault === undefined) {
      const answer = take(isHeadOf(answers.length));
      if (answer !== undefined) answers.push(answer);
      else if (isOpen) await new Promise<void>((resolve) => (wake = resolve));
      else break;
    }
    return answers;
  };
  const collectAll = async (): Promise<RawResponse[]> => {
    const answers = await collect(() => false, Infinity);
    if (received !== '') first.fault ??= `an incomplete answer: ${JSON.stringify(received.slice(0, 300))}`;
    socket.destroy();
    return answers;
  };

  return {
    write: (bytes) => void socket.write(bytes),
    async answers(isHead) {
      const answers = await collect((index) => isHead[index] ?? false, isHead.length);
      if (answers.length === isHead.length && received !== '')
        first.fault ??= `data after the last answer: ${JSON.stringify(received.slice(0, 300))}`;
      return answers;
    },
    async finish() {
      socket.end();
      return collectAll();
    },
    untilEnded: collectAll,
    isOpen: () => isOpen && socket.writable,
    fault: () => first.fault,
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
