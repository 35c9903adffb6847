import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Where Chromium is found: named by `KEYFOB_CHROMIUM`, or on the PATH as Debian's package puts it. */
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
  'no Chromium here: install the package chromium, or name one by KEYFOB_CHROMIUM';

/** A browser of its own, without a window. It never asks for anything outside this machine. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executablePath ?? '',
    // A container gives Chromium no user namespaces to make its sandbox of.
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
