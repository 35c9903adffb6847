import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Finds Chromium: at `KEYFOB_CHROMIUM`, or on the PATH, as Debian's package installs it. */
const findChromium = (): string | undefined => {
  const named = process.env['KEYFOB_CHROMIUM'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  try {
    return execFileSync('which', ['chromium'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
};

const executablePath = findChromium();

/** `false`, or why the browser tests are skipped on this machine. */
export const SKIPPED_WITHOUT_CHROMIUM: string | false =
  executablePath === undefined &&
  'Chromium is not installed: install the package chromium, or set KEYFOB_CHROMIUM to its path';

/** Starts a headless browser that sends no requests outside this machine. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executablePath ?? '',
    // Containers do not provide the user namespaces that Chromium's sandbox needs.
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
