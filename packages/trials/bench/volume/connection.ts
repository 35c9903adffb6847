import { once } from 'node:events';
import { connect } from 'node:net';

export type Answer = { readonly status: number; readonly body: string };

/** A persistent connection with one request at a time. */
export type Connection = {
  /** Sends the text of a request and resolves with its answer. Rejects if the connection ends first. */
  send(request: string): Promise<Answer>;
  close(): void;
};

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

const HEAD_END = '\r\n\r\n';

/** Connects to a server. Uses much less CPU time than `node:http`, so more is left for the server. */
export const openConnection = async (url: string): Promise<Connection> => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  socket.setEncoding('latin1');
  let received = '';
  let waiting: Waiting | undefined;

  socket.on('data', (text: string) => {
    received += text;
    const answer = readAnswer(received);
    if (answer === undefined) return;
    received = '';
    const { resolve } = waiting ?? {};
    waiting = undefined;
    resolve?.(answer);
  });
  const end = (error: Error): void => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('the server closed the connection')));

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the connection has ended'));
        waiting = { resolve, reject };
        socket.write(request, 'latin1');
      }),
    close: () => void socket.destroy(),
  };
};

/** The answer, or `undefined` while it is incomplete. */
const readAnswer = (text: string): Answer | undefined => {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const length = Number(/\r\ncontent-length: (?<bytes>\d+)/i.exec(text)?.groups?.['bytes'] ?? 0);
  const body = text.slice(headEnd + HEAD_END.length);
  return body.length < length ? undefined : { status: Number(text.slice(9, 12)), body };
};
