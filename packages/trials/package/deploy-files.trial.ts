import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { runAll } from '../interop/clients/install.ts';
import type { Scope } from '../support/test-directory.ts';
import { WORKSPACE } from './manifests.ts';

/** The reader of Compose files that Docker Compose itself is built with. */
const COMPOSE = 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2';

const folderFor = (scope: Scope): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-deploy-'));
  scope.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

type Service = {
  readonly ports?: readonly {
    readonly host_ip: string;
    readonly published: string;
    readonly target: number;
  }[];
  readonly environment: readonly string[];
  readonly read_only?: boolean;
  readonly networks: Readonly<Record<string, unknown>>;
};
type Model = { readonly services: Readonly<Record<string, Service>> };

/** What Compose makes of files, before it fills in variables. Skips where Go or its modules are not to be had. */
const openCompose = async (t: TestContext) => {
  const folder = folderFor(t);
  const environment = { GOBIN: folder, GOFLAGS: '-buildvcs=false' };
  const failed = await runAll([['go', 'install', COMPOSE]], folder, environment);
  if (failed !== undefined) {
    t.skip(failed.skipped);
    return undefined;
  }
  return (...files: readonly string[]) =>
    spawnSync(join(folder, 'cmd'), ['--no-interpolation', '--format', 'json', ...files], {
      cwd: WORKSPACE,
      encoding: 'utf8',
    });
};

const read = ({ status, stdout, stderr }: ReturnType<typeof spawnSync>): Model => {
  assert.equal(status, 0, String(stderr));
  return JSON.parse(String(stdout)) as Model;
};

const portsOf = ({ ports = [] }: Service): readonly string[] =>
  ports.map(({ host_ip: address, published, target }) => `${address}:${published}:${target}`);

describe('Compose', () => {
  test('reads the files as they are meant', async (t) => {
    const compose = await openCompose(t);
    if (compose === undefined) return;
    const alone = read(compose('compose.yaml')).services;
    assert.deepEqual(
      Object.entries(alone).map(([name, service]) => [name, portsOf(service)]),
      [
        ['keyfob-1', ['127.0.0.1:8787:8787']],
        ['keyfob-2', ['127.0.0.1:8789:8787']],
        ['postgres', []],
      ],
    );
    const { services } = read(compose('compose.yaml', 'deploy/compose/compose.yaml'));
    assert.deepEqual(
      Object.entries(services).map(([name, service]) => [name, portsOf(service)]),
      [
        ['keyfob-1', []],
        ['keyfob-2', []],
        ['postgres', []],
        ['proxy', ['127.0.0.1:8080:8080']],
      ],
    );
    for (const name of ['keyfob-1', 'keyfob-2']) {
      const node = services[name] ?? assert.fail(name);
      assert.equal(node.read_only, true);
      assert.deepEqual(Object.keys(node.networks).sort(), ['public', 'store']);
      assert.ok(node.environment.includes('KEYFOB_PUBLIC_URL=${PUBLIC_URL:-http://localhost:8080}'));
      assert.ok(node.environment.includes('KEYFOB_KEY_FILE=/run/secrets/keyfob.key'));
    }
    const keepers = read(compose('deploy/keeper/compose.yaml')).services;
    assert.deepEqual(
      Object.entries(keepers).map(([name, service]) => [name, portsOf(service)]),
      [
        ['keeper-1', ['127.0.0.1:8790:8790']],
        ['keeper-2', ['127.0.0.1:8791:8790']],
        ['postgres', []],
      ],
    );
  });
});
