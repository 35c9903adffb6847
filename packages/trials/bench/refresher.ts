import { once } from 'node:events';
import { connect } from 'node:net';
import type { AnswerReader } from './answer.ts';
import type { Job } from './job.ts';

/** One kept-alive connection that refreshes as fast as it is answered, each time with the token of the last answer. */
export type Refresher = {
  /** Sends a refresh; `onAnswer` decides after each answer whether another follows. */
  refresh(): void;
  /** The token to go on with. */
  refreshToken(): string;
  close(): void;
};

export type RefresherEvents = {
  /** A right answer; answers whether to refresh again. */
  onAnswer(latencyMs: number): boolean;
  /** The first thing that is not one. Nothing is sent after it. */
  onWrong(what: string): void;
};

/** Connects; nothing is sent yet. A refused connection is reported by `onWrong`. */
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
  const fail = (what: string): void => {
    if (isClosed) return;
    close();
    onWrong(what);
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
  return { refresh, refreshToken: () => token, close };
};
