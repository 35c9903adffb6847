import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Orders } from './keeper-process.ts';

const PROCESS = fileURLToPath(new URL('keeper-process.ts', import.meta.url));
const HELD = 'held\n';

const start = (orders: Orders): { readonly child: ChildProcess; printed(): string } => {
  const words = ['--conditions=keyfob-source', PROCESS, JSON.stringify(orders)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return { child, printed: () => printed };
};

/** Runs a process to its end. Returns its exit code and what it printed. */
export const runWhole = async (
  orders: Orders,
): Promise<{ readonly code: number | null; readonly printed: string }> => {
  const { child, printed } = start(orders);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed: printed() };
};

/** What happens to a process from outside. */
export type FromOutside = {
  /** Called where it is held at a step; it goes on when this resolves. */
  readonly onHeld?: () => Promise<void>;
  /** Gets the signal as soon as this says so. */
  readonly isDue?: () => boolean;
};

const PAUSE_MS = 10;
const pause = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));

/** Starts the process that will end, and waits until it has, or has stopped. */
export const runFirst = async (
  orders: Orders,
  { onHeld, isDue }: FromOutside = {},
): Promise<{ resume(): void; readonly ended: Promise<unknown> }> => {
  const { child, printed } = start(orders);
  const ended = once(child, 'exit');
  const pid = child.pid ?? 0;
  let isStruck = false;
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  while (!isOver() && !isStopped(pid)) {
    if (!isStruck && printed().includes(HELD)) {
      isStruck = true;
      await onHeld?.();
    }
    if (isDue?.() === true) child.kill(orders.signal);
    await pause();
  }
  return { resume: () => void child.kill('SIGCONT'), ended };
};

/** Linux shows a stopped process as `T`. */
const isStopped = (pid: number): boolean => {
  try {
    return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};
