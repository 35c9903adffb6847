const WIDTH = 30;

/** A bar on standard error, shown only if that is a terminal. */
export const createProgress = (unit: string) => {
  const isShown = process.stderr.isTTY;
  return {
    show(done: number, total: number): void {
      if (!isShown || total === 0) return;
      const bar = '#'.repeat(Math.round((done / total) * WIDTH)).padEnd(WIDTH, '.');
      process.stderr.write(`\r[${bar}] ${done}/${total} ${unit}\x1b[K`);
    },
    end(): void {
      if (isShown) process.stderr.write('\r\x1b[K');
    },
  };
};
