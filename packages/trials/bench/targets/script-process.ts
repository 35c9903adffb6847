import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A script that runs in a separate process. */
export type ScriptProcess<Started> = {
  readonly pid: number;
  /** Its first message. */
  readonly started: Started;
  /** Sends a message and returns the next message from the script. Rejects if the process ends first. */
  ask<Reply>(message: object): Promise<Reply>;
  /** Kills the process. */
  close(): Promise<void>;
};

/** Starts a script and waits for its first message. Rejects if the process ends without one. */
export const startScript = async <Started>(
  url: URL,
  args: readonly string[] = [],
): Promise<ScriptProcess<Started>> => {
  const child = fork(fileURLToPath(url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const ended = exited.then(([code, signal]) =>
    Promise.reject(new Error(`${url.pathname} exited with ${String(code ?? signal)}`)),
  );
  // Prevents an unhandled rejection when the process ends normally and no caller is waiting.
  ended.catch(() => {});
  const next = async <Message>(): Promise<Message> => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [Message];
    return message;
  };
  return {
    pid: child.pid ?? 0,
    started: await next<Started>(),
    ask(message) {
      // The exit of the process already reports a closed channel.
      child.send(message, () => {});
      return next();
    },
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** Called by the script: ends it when its parent process ends. */
export const endWithParent = (): void => {
  process.on('disconnect', () => process.exit());
};
