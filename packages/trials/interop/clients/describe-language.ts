import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Skipped } from '../../support/skipped.ts';

/**
 * Installs a language's libraries in a folder that is removed at the end, and defines their tests. If they cannot be
 * installed, there is one skipped test, with the reason.
 */
export const describeLanguage = async <Installed extends object>(
  language: string,
  install: (folder: string) => Promise<Installed | Skipped>,
  define: (installed: Installed) => void,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-clients-'));
  // Not in a hook: hooks of the file run as soon as no test is left, also while this one installs.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const installed = await install(folder);
  if ('skipped' in installed) test(`the clients of ${language}`, { skip: installed.skipped });
  else define(installed);
};
