import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A script of ours in a process of its own. */
export type ScriptProcess<Started> = {
  readonly pid: number;
  /** The first thing it said. */
  readonly started: Started;
  /** Sends it a message and answers what it says next. Rejects where it ends first. */
  ask<Reply>(message: object): Promise<Reply>;
  /** Ends it, whatever it is doing. */
  close(): Promise<void>;
};

/** Starts a script and waits for its first message. Rejects where it ends without one. */
export const startScript = async <Started>(
  url: URL,
  args: readonly string[] = [],
): Promise<ScriptProcess<Started>> => {
  const child = fork(fileURLToPath(url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const ended = exited.then(([code, signal]) =>
    Promise.reject(new Error(`${url.pathname} ended (${String(code ?? signal)})`)),
  );
  // Nobody may be waiting for it when it ends as it should.
  ended.catch(() => {});
  const next = async <Message>(): Promise<Message> => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [Message];
    return message;
  };
  return {
    pid: child.pid ?? 0,
    started: await next<Started>(),
    ask(message) {
      // The end of the process reports a closed channel.
      child.send(message, () => {});
      return next();
    },
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** For such a script: ends with the process that started it. */
export const endWithParent = (): void => {
  process.on('disconnect', () => process.exit());
};
