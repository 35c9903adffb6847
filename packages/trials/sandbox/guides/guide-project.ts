import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { PROJECT } from '../../guide/guide.ts';

/** A project as a page of the guide wants it: the sandbox is installed in it. */
export type GuideProject = {
  readonly folder: string;
  /** In which the command finds the Node of this process. */
  readonly environment: Readonly<Record<string, string>>;
  write(name: string, text: string): void;
};

/** Makes an empty project with the command of this clone in the place where npm puts it. */
export const makeGuideProject = (): GuideProject => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-testing-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const binaries = join(folder, 'node_modules', '.bin');
  mkdirSync(binaries, { recursive: true });
  symlinkSync(join(PROJECT, 'packages/sandbox/bin/keyfob-sandbox.js'), join(binaries, 'keyfob-sandbox'));
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  return {
    folder,
    environment: { PATH: path },
    write: (name, text) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    },
  };
};
