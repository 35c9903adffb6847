import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseConfig } from '@keyfob/server';
import { parse } from 'yaml';
import { ROOT } from '../docs/documents.ts';
import { runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';

const DEPLOY = join(ROOT, 'deploy');
const UNIT = join(DEPLOY, 'systemd', 'keyfob.service');
/** Of 10; systemd calls a service below 2 "OK". */
const EXPOSURE_MAX = 2;

/** Runs a program; skips the test where it is not installed. */
const run = (t: TestContext, program: string, ...args: readonly string[]) => {
  const ended = spawnSync(program, args, { encoding: 'utf8', cwd: ROOT });
  if (ended.error === undefined) return ended;
  t.skip(`${program} is not installed`);
  return undefined;
};

const read = (path: string): unknown => parse(readFileSync(join(DEPLOY, path), 'utf8'));

/** Writes a file, and answers its path. */
const writeConfig = (path: string, text: string): string => {
  writeFileSync(path, text);
  return path;
};

describe('the unit for systemd', () => {
  const unit = readFileSync(UNIT, 'utf8');

  test('is one that systemd understands', (t) => {
    const checked = run(t, 'systemd-analyze', 'verify', UNIT);
    if (checked === undefined) return;
    // It is not installed where this runs, so its program is not there.
    const faults = checked.stderr.split('\n').filter((line) => line.includes('keyfob.service'));
    assert.deepEqual(
      faults.filter((line) => !/is not executable|not found/.test(line)),
      [],
    );
  });

  test('leaves the process little of the machine', (t) => {
    const checked = run(t, 'systemd-analyze', 'security', '--offline=true', '--no-pager', UNIT);
    if (checked === undefined) return;
    const exposure = /exposure level for .*: (?<level>[\d.]+)/.exec(checked.stdout)?.groups?.['level'];
    assert.ok(Number(exposure) <= EXPOSURE_MAX, `${exposure}\n${checked.stdout}`);
  });

  test('starts a command that exists, and waits longer than the server may take to stop', async () => {
    const [, words = ''] = /^ExecStart=.* keyfob (?<words>.*)$/m.exec(unit) ?? [];
    const [command = '', ...rest] = words.split(' ');
    const { stdout } = await runKeyfob([command, '--help']);
    for (const flag of rest.filter((word) => word.startsWith('--')))
      assert.match(stdout, new RegExp(`${flag}\\b`));
    const [, seconds] = /^TimeoutStopSec=(?<seconds>\d+)$/m.exec(unit) ?? [];
    assert.ok(Number(seconds) > parseConfig({}).shutdownGraceSeconds);
  });
});

describe('the proxy for compose', () => {
  type Compose = {
    readonly 'x-node': { readonly environment: Readonly<Record<string, string>> };
    readonly services: Readonly<
      Record<string, { readonly image?: string; readonly ports?: readonly string[] }>
    >;
  };
  const { services, 'x-node': node } = parse(
    readFileSync(join(DEPLOY, 'compose', 'compose.yaml'), 'utf8').replace('!reset', ''),
    { merge: true },
  ) as Compose;
  const whole = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
  const proxy = readFileSync(join(DEPLOY, 'compose', 'nginx.conf'), 'utf8');

  test('leads to both nodes of compose.yaml, which nobody reaches past it', () => {
    const nodes = Object.keys(services).filter((name) => name.startsWith('keyfob-'));
    assert.deepEqual(
      nodes,
      Object.keys(whole.services).filter((name) => name.startsWith('keyfob-')),
    );
    for (const name of nodes) {
      assert.match(proxy, new RegExp(`server ${name}:8787\\b`));
      assert.deepEqual(services[name]?.ports, []);
    }
    assert.match(services['proxy']?.image ?? '', /^nginx:\d+\.\d+\.\d+$/);
    assert.deepEqual(services['proxy']?.ports, ['127.0.0.1:8080:8080']);
    assert.match(proxy, /listen 8080;/);
  });

  test('uses settings that exist, and keeps connections for less time than the nodes', () => {
    const { PUBLIC_URL: _, ...environment } = { ...node.environment };
    const settings = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        value.replace(/^\$\{PUBLIC_URL:-(.*)\}$/, '$1'),
      ]),
    );
    const config = parseConfig({ environment: settings });
    assert.equal(config.forwardedHops, 1);
    const [, seconds] = /keepalive_timeout (?<seconds>\d+)s;/.exec(proxy) ?? [];
    assert.ok(Number(seconds) < config.keepAliveTimeoutSeconds);
    assert.doesNotMatch(proxy, /non_idempotent/);
  });

  test('is a configuration that nginx accepts', (t) => {
    const directory = directoryFor(t);
    const file = join(directory, 'nginx.conf');
    const local = proxy.replaceAll(/keyfob-\d:/g, '127.0.0.1:');
    const ended = run(
      t,
      'nginx',
      '-t',
      '-p',
      directory,
      '-e',
      'stderr',
      '-g',
      `pid ${directory}/pid; error_log stderr;`,
      '-c',
      writeConfig(
        file,
        `events {}\nhttp { client_body_temp_path ${directory}; proxy_temp_path ${directory};\n${local}\n}`,
      ),
    );
    if (ended !== undefined) assert.equal(ended.status, 0, ended.stderr);
  });
});

describe('the base for kustomize', () => {
  test('has every manifest but the Job, and kubectl builds it', (t) => {
    const { resources } = read(join('kubernetes', 'kustomization.yaml')) as {
      readonly resources: readonly string[];
    };
    for (const resource of resources) assert.ok(read(join('kubernetes', resource)) !== null);
    assert.deepEqual([...resources].sort(), [
      'deployment.yaml',
      'network-policy.yaml',
      'pod-disruption-budget.yaml',
      'service.yaml',
    ]);
    const built = run(t, 'kubectl', 'kustomize', join(DEPLOY, 'kubernetes'));
    if (built === undefined) return;
    assert.equal(built.status, 0, built.stderr);
    assert.match(built.stdout, /^kind: Deployment$/m);
  });
});
