/** One Ctrl-C arrives twice where npm stands between: from the terminal, and from npm. */
const SAME_SIGNAL_MS = 1000;
const PARENT_INTERVAL_MS = 500;

/**
 * Resolves at the first signal that asks the process to end. A later one ends it at once, so that a person need not wait.
 * SIGHUP comes when a terminal closes, and from tools that rotate log files.
 *
 * npm passes signals to the shell that it started, and some shells end without passing them on. So a server that npm started
 * stops also when its parent process ends.
 */
export const untilStopped = (): Promise<void> =>
  new Promise((stopped) => {
    let stoppingSince: number | undefined;
    const stop = (): void => {
      stoppingSince ??= performance.now();
      stopped();
    };
    const onSignal = (): void => {
      if (stoppingSince !== undefined && performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
      stop();
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', onSignal);
    if (process.env['npm_lifecycle_event'] !== undefined) watchParent(stop);
  });

const watchParent = (onEnd: () => void): void => {
  const parent = process.ppid;
  const watching = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watching);
    onEnd();
  }, PARENT_INTERVAL_MS).unref();
};
