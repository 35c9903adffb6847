import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import { pathOf, runAll } from './install.ts';

/** Fetches Smartcar's SDK for Java, and Spring Security. Returns the folder with its archives, or the reason if Java or Maven cannot be used. */
export const installJava = async (folder: string): Promise<{ readonly archives: string } | Skipped> => {
  copyFileSync(pathOf('java/pom.xml'), join(folder, 'pom.xml'));
  const copied = ['dependency:copy-dependencies', '-DoutputDirectory=lib'];
  const failed = await runAll(
    [
      ['java', '--version'],
      ['mvn', '--quiet', '--batch-mode', ...copied],
    ],
    folder,
  );
  return failed ?? { archives: join(folder, 'lib') };
};
