import { execFileSync } from 'node:child_process';

/** Runs a system program and waits for its end. Throws if it fails or is not installed. */
export const runProgram = (name: string, ...args: readonly string[]): void => {
  execFileSync(name, args, { stdio: 'pipe' });
};
