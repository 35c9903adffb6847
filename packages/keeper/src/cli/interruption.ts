/** What ends a long command in order: Ctrl-C, or SIGTERM. A second signal ends the process at once. */
export type Interruption = {
  isInterrupted(): boolean;
  /** The values, until the interruption: then it ends, although its source may wait for more. */
  until<Value>(values: AsyncIterable<Value>): AsyncGenerator<Value>;
  /** Gives the signals back. */
  end(): void;
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export const listenForInterruption = (): Interruption => {
  let isInterrupted = false;
  const interrupted = Promise.withResolvers<undefined>();
  const onSignal = (): void => {
    isInterrupted = true;
    interrupted.resolve(undefined);
    // From now on, the system does what it does without a listener.
    end();
  };
  const end = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    isInterrupted: () => isInterrupted,
    async *until(values) {
      const iterator = values[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([iterator.next(), interrupted.promise]);
        if (isInterrupted || next === undefined || next.done === true) return;
        yield next.value;
      }
    },
    end,
  };
};
