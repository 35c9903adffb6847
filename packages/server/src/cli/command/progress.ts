import type { TerminalStream } from './terminal.ts';

const WIDTH = 30;

/** A progress bar with the estimated time left; prints nothing where `errors` is not shown to a person. */
export const createProgressBar = (errors: TerminalStream, unit: string) => {
  const isShown = errors.isTTY === true;
  const startedAt = performance.now();
  const draw = (share: number, text: string): void => {
    const filled = Math.round(share * WIDTH);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}`;
    const left = describeTimeLeft((performance.now() - startedAt) / 1000, share);
    errors.write(`\r[${bar}] ${text} ${unit}${left}\x1b[K`);
  };
  return {
    show(done: number, total: number): void {
      if (isShown && total > 0) draw(done / total, `${done}/${total}`);
    },
    /** `share` of the whole, 0 to 1; `undefined` where the total is unknown. */
    showShare(share: number | undefined, done: number): void {
      if (!isShown) return;
      if (share === undefined) errors.write(`\r${done} ${unit}\x1b[K`);
      else draw(share, String(done));
    },
    end(): void {
      if (isShown) errors.write('\r\x1b[K');
    },
  };
};

const describeTimeLeft = (elapsedSeconds: number, share: number): string => {
  if (share <= 0 || share >= 1 || elapsedSeconds < 1) return '';
  const seconds = Math.ceil((elapsedSeconds / share) * (1 - share));
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return `, ${minutes}:${String(rest).padStart(2, '0')} left`;
};
