import { symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { directoryFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { paste, PROJECT } from './guide.ts';

/** A folder in which the packages of a page are installed. */
export type KeeperFolder = {
  readonly path: string;
  save(name: string, text: string): void;
  /** Runs lines of a page there. */
  run(lines: string, environment?: Readonly<Record<string, string>>): Promise<string>;
};

const COMMAND = `node ${join(PROJECT, 'packages', 'keeper', 'bin', 'keyfob-keeper.js')}`;

/** Makes one. Programs in it run with the Node of this process, and with the sources of the packages. */
export const keeperFolderFor = (scope: Scope): KeeperFolder => {
  const path = directoryFor(scope);
  symlinkSync(join(PROJECT, 'node_modules'), join(path, 'node_modules'));
  writeFileSync(join(path, 'package.json'), '{"type":"module"}');
  return {
    path,
    save: (name, text) => writeFileSync(join(path, name), text),
    run: (lines, environment = {}) =>
      paste(
        lines.replaceAll('npx keyfob-keeper', COMMAND),
        {
          PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
          NODE_OPTIONS: '--conditions=keyfob-source',
          NO_COLOR: '1',
          ...environment,
        },
        path,
      ),
  };
};
