import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { installPackage, WORKSPACE } from './installed-package.ts';
import type { InstalledPackage } from './installed-package.ts';

const PACKAGE = join(WORKSPACE, 'packages', 'server');
const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
};
const ENTRY_POINTS = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => `@keyfob/server${path.slice(1)}`);

/** A TypeScript program that uses every entry point. */
const TYPED_PROGRAM = `
import { createServer } from 'node:http';
import { createAuthorizationServer, createGrant, parseConfig, registerClient } from '@keyfob/server';
import type { Config, LogEvent } from '@keyfob/server';
import type { Client } from '@keyfob/server/clients';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
${ENTRY_POINTS.map((path, index) => `import * as entry${index} from '${path}';`).join('\n')}

export const entries: readonly object[] = [${ENTRY_POINTS.map((_, index) => `entry${index}`).join(', ')}];
const config: Config = parseConfig({ environment: process.env });
export const port: number = config.port;
export const adminPort: number | undefined = config.adminPort;
export const level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = config.logLevel;
// @ts-expect-error A port is a number.
export const wrong: string = config.port;
const store: Store = openSqliteStore(':memory:');
const emit = (event: LogEvent): void => console.log(event.event);
const server = await createAuthorizationServer(config, { emit, store });
createServer(server.handler);
export const response: Response = await server.fetch(new Request('https://auth.example'), { address: '' });
// @ts-expect-error The setting is unknown.
await createAuthorizationServer({ prt: 1 });
const registered = await registerClient(server.deployment, { dialect: 'smartcar', name: '' });
if (registered.outcome === 'registered') {
  const client: Client = registered.client;
  await createGrant(server.deployment, {
    clientId: client.id,
    subject: '',
    scope: '',
    brand: undefined,
  });
}
`;

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  },
  include: ['program.ts'],
};

const installed = await installPackage(after);

if (installed === 'no_network')
  test('the packed package', { skip: 'the npm registry cannot be reached from this machine' }, () => {});
else describe('The packed package, installed in an empty folder', () => tryPackage(installed));

function tryPackage({ home, files, run }: InstalledPackage): void {
  test('contains the build, its license and the documents that its README names, but no sources and no tests', () => {
    assert.match(files, /^package\/dist\/.*\/migrations\/\d{4}-.*\.sql$/m);
    assert.match(files, /^package\/dist\/exports\/index\.d\.ts$/m);
    assert.match(files, /^package\/LICENSE$/m);
    assert.match(files, /^package\/README\.md$/m);
    const root = join(home, 'node_modules', '@keyfob', 'server');
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    for (const [, path = ''] of readme.matchAll(/`(docs\/[\w/.-]+)`/g))
      assert.ok(existsSync(join(root, path)), path);
    assert.doesNotMatch(files, /\.test\.|package\/src\//);
  });

  test('has a README that names every entry point', () => {
    const readme = readFileSync(join(home, 'node_modules', '@keyfob', 'server', 'README.md'), 'utf8');
    const named = readme.matchAll(/^\| `(?<path>@keyfob\/server[^`]*)`/gm);
    assert.deepEqual(new Set(Array.from(named, ({ groups }) => groups?.['path'])), new Set(ENTRY_POINTS));
  });

  test('runs as a command and refreshes', async (t) => {
    const bin = join(home, 'node_modules', '.bin', 'keyfob');
    const keyfob = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(bin, args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(await keyfob('--version'), /^\d+\.\d+\.\d+\n$/);
    const words = [bin, 'serve', '--port', '0', '--json'];
    const server = spawn(process.execPath, words, { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => server.kill('SIGKILL'));
    const exited = once(server, 'exit');
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const [line] = (await Promise.race([
      once(createInterface({ input: server.stdout }), 'line'),
      exited.then(() => Promise.reject(new Error(log))),
    ])) as [string];
    const { url } = JSON.parse(line) as { readonly url: string };
    const client = JSON.parse(
      await keyfob('client', 'create', '--dialect', 'smartcar', '--json'),
    ) as MadeClient;
    const grant = JSON.parse(
      await keyfob('grant', 'create', '--client', client.clientId, '--subject', 'owner-1', '--json'),
    ) as MadeGrant;
    const answer = await refreshSmartcar(url, client, grant.refreshToken);
    assert.equal(answer.status, 200, answer.text);
    server.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });

  test('is a library: only its entry points can be imported, and a server answers', async () => {
    writeFileSync(
      join(home, 'library.mjs'),
      `import { createAuthorizationServer } from '@keyfob/server';
      for (const path of ${JSON.stringify(ENTRY_POINTS)}) await import(path);
      const outcome = await import('@keyfob/server/config').then(() => 'imported', ({ code }) => code);
      const server = await createAuthorizationServer({ data: 'library', publicUrl: 'https://auth.example' });
      const request = new Request('https://auth.example/.well-known/oauth-authorization-server');
      const { issuer } = await (await server.fetch(request)).json();
      await server.close();
      console.log(JSON.stringify({ outcome, issuer }));`,
    );
    const { code, stdout, stderr } = await run(process.execPath, ['library.mjs']);
    assert.equal(code, 0, stderr);
    const expected = { outcome: 'ERR_PACKAGE_PATH_NOT_EXPORTED', issuer: 'https://auth.example' };
    assert.deepEqual(JSON.parse(stdout), expected);
  });

  test('has types for a strict program whose only other types are those of Node', async () => {
    const modules = join(WORKSPACE, 'node_modules');
    mkdirSync(join(home, 'node_modules', '@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types'])
      symlinkSync(join(modules, name), join(home, 'node_modules', name));
    writeFileSync(join(home, 'program.ts'), TYPED_PROGRAM);
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    const { code, stdout } = await run(join(modules, '.bin', 'tsc'), ['--project', '.']);
    assert.equal(code, 0, stdout);
  });
}
