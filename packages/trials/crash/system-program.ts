import { execFileSync } from 'node:child_process';

/** Runs a program of the system to its end. Throws where it fails or is not there. */
export const runProgram = (name: string, ...args: readonly string[]): void => {
  execFileSync(name, args, { stdio: 'pipe' });
};
