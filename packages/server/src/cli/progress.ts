const WIDTH = 30;

/** A bar on standard error while something long goes on; nothing where that is no terminal. */
export const createProgressBar = (unit: string) => {
  const isShown = process.stderr.isTTY;
  return {
    show(done: number, total: number): void {
      if (!isShown || total === 0) return;
      const filled = Math.round((done / total) * WIDTH);
      const bar = `${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}`;
      process.stderr.write(`\r[${bar}] ${done}/${total} ${unit}`);
    },
    end(): void {
      if (isShown) process.stderr.write('\r\x1b[K');
    },
  };
};
