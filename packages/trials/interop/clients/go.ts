import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import type { ClientCommand } from './client-program.ts';
import { pathOf, runAll } from './install.ts';

/** The Go library, in a folder. */
export type GoClients = {
  /** Starts the program that calls it. */
  readonly clients: ClientCommand;
  /** Builds another program that imports it. Returns the path of the program. */
  build(text: string): Promise<string>;
};

/** Fetches the Go library. Returns the reason if Go or its module proxy cannot be used. */
export const installGo = async (folder: string): Promise<GoClients | Skipped> => {
  for (const name of ['go.mod', 'go.sum', 'main.go']) copyFileSync(pathOf(`go/${name}`), join(folder, name));
  const environment = { GOMODCACHE: join(folder, 'modules'), GOFLAGS: '-modcacherw -buildvcs=false' };
  const failed = await runAll([['go', 'mod', 'download']], folder, environment);
  if (failed !== undefined) return failed;
  const buildFile = async (source: string): Promise<string> => {
    const program = join(folder, randomUUID());
    assert.equal(await runAll([['go', 'build', '-o', program, source]], folder, environment), undefined);
    return program;
  };
  return {
    clients: { program: await buildFile('main.go'), args: [], environment: () => ({}) },
    async build(text) {
      const source = `${randomUUID()}.go`;
      writeFileSync(join(folder, source), text);
      return buildFile(source);
    },
  };
};
