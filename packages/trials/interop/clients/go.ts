import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import { pathOf, runAll } from './install.ts';
import type { Installed } from './install.ts';

/** Installs the Go library into a folder. Returns the reason if Go or its module proxy cannot be used. */
export const installGo = async (folder: string): Promise<Installed | Skipped> => {
  for (const name of ['go.mod', 'go.sum', 'main.go']) copyFileSync(pathOf(`go/${name}`), join(folder, name));
  const environment = { GOMODCACHE: join(folder, 'modules'), GOFLAGS: '-modcacherw -buildvcs=false' };
  const failed = await runAll([['go', 'mod', 'download']], folder, environment);
  if (failed !== undefined) return failed;
  const build = async (source: string): Promise<string> => {
    const program = join(folder, randomUUID());
    assert.deepEqual(await runAll([['go', 'build', '-o', program, source]], folder, environment), undefined);
    return program;
  };
  return {
    environment: {},
    clients: { program: await build('main.go'), args: [], environment: () => ({}) },
    async prepare(text) {
      const source = `${randomUUID()}.go`;
      writeFileSync(join(folder, source), text);
      return [await build(source)];
    },
  };
};
