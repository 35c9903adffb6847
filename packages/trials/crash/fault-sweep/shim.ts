import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Like make, uses the compiler in `CC` if it is set. */
const COMPILER = process.env['CC'] ?? 'cc';
const SOURCE = fileURLToPath(new URL('./io-fault.c', import.meta.url));

/** The path of the built library that makes disk calls fail, or why it cannot be built here. */
export type Shim = { readonly path: string } | { readonly missing: string };

/** Builds the shim in a new temporary directory, which is removed when this process exits. */
export const buildShim = (): Shim => {
  if (process.platform !== 'linux')
    return { missing: 'faults are injected with LD_PRELOAD, which only Linux supports' };
  const directory = mkdtempSync(join(tmpdir(), 'io-fault-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'io-fault.so');
  try {
    execFileSync(COMPILER, ['-shared', '-fPIC', '-O1', '-o', path, SOURCE], { stdio: 'pipe' });
  } catch (error) {
    return { missing: `the shim needs a C compiler, and "${COMPILER}" failed: ${(error as Error).message}` };
  }
  return { path };
};

/** The calls that fail. */
export type Fault = {
  readonly errno: 'EIO' | 'ENOSPC';
  /** The number of the call that fails, from 1; 0 for none. */
  readonly at: number;
  /** Whether every later call also fails. */
  readonly lasts: boolean;
  /** Which calls count. By default, all. */
  readonly calls?: 'sync' | undefined;
  /** Calls count only while this file exists. */
  readonly marker?: string | undefined;
};

/** The environment of a process whose store has the fault. `log` is the file that lists every call. */
export const faultEnvironment = (shimPath: string, fault: Fault, log: string): NodeJS.ProcessEnv => ({
  ...process.env,
  LD_PRELOAD: shimPath,
  FAULT_AT: String(fault.at),
  FAULT_LASTS: fault.lasts ? '1' : '0',
  FAULT_ERRNO: fault.errno,
  FAULT_CALLS: fault.calls ?? '',
  FAULT_MARKER: fault.marker ?? '',
  FAULT_LOG: log,
});
