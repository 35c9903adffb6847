import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program; `undefined` where it is not installed. Debian installs services in a folder that is only in root's PATH. */
export const findProgram = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
