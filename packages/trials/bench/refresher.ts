import { once } from 'node:events';
import { connect } from 'node:net';
import type { AnswerReader } from './answer.ts';
import type { Job } from './job.ts';

/** A persistent connection that sends the next refresh after each answer, with the token of that answer. */
export type Refresher = {
  /** Sends a refresh. `onAnswer` decides after each answer whether to send another. */
  refresh(): void;
  /** The current token. */
  refreshToken(): string;
  /** The port at this end of the connection, by which the server knows it. */
  readonly localPort: number;
  close(): void;
};

export type RefresherEvents = {
  /** Called after a correct answer. Returns whether to refresh again. */
  onAnswer(latencyMs: number): boolean;
  /** Called on the first wrong answer or connection failure. Nothing is sent afterwards. */
  onWrong(fault: string): void;
};

/** Connects without sending anything. `onWrong` reports a refused connection. */
export const openRefresher = async (
  { port, wire }: Pick<Job, 'port' | 'wire'>,
  firstToken: string,
  readAnswer: AnswerReader,
  { onAnswer, onWrong }: RefresherEvents,
): Promise<Refresher> => {
  const head = `${wire.head.join('\r\n')}\r\nContent-Length: `;
  const { bodyBeforeToken, bodyAfterToken } = wire;
  const bodyLengthWithoutToken = bodyBeforeToken.length + bodyAfterToken.length;
  let token = firstToken;
  let received = '';
  let sentAtMs = 0;
  let isClosed = false;
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });

  const refresh = (): void => {
    const length = bodyLengthWithoutToken + token.length;
    sentAtMs = performance.now();
    socket.write(`${head}${length}\r\n\r\n${bodyBeforeToken}${token}${bodyAfterToken}`, 'latin1');
  };
  const close = (): void => {
    isClosed = true;
    socket.destroy();
  };
  const fail = (fault: string): void => {
    if (isClosed) return;
    close();
    onWrong(fault);
  };

  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const answer = readAnswer(received, token);
    if (answer === undefined || isClosed) return;
    if ('wrong' in answer) return fail(answer.wrong);
    received = '';
    token = answer.refreshToken;
    if (onAnswer(performance.now() - sentAtMs)) refresh();
  });
  socket.on('error', (error) => fail(`the connection failed: ${error.message}`));
  socket.on('close', () => fail('the connection was closed before an answer'));
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  return { refresh, refreshToken: () => token, localPort: socket.localPort ?? 0, close };
};
