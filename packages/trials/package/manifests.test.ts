import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createAuthorizationServer, createEventCounts, parseConfig } from '@keyfob/server';
import { OperatorError } from '@keyfob/server/errors';
import { runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';
import { WORKSPACE } from './manifests.ts';

const KUBERNETES = join('deploy', 'kubernetes');
const manifests = readdirSync(join(WORKSPACE, KUBERNETES)).map((name) => join(KUBERNETES, name));
const read = (path: string): string => readFileSync(join(WORKSPACE, path), 'utf8');

/** Every file that contains settings for an operator. */
const FILES = ['Dockerfile', 'compose.yaml', join('docs', 'operations.md'), ...manifests];

const isSetting = (name: string): boolean => {
  try {
    parseConfig({ flags: {}, environment: { [name]: '\n' }, file: {} });
  } catch (error) {
    assert.ok(error instanceof OperatorError);
    return !error.message.includes('unknown setting');
  }
  return true;
};

describe('the manifests of', () => {
  for (const file of FILES) {
    test(`${file} uses only known settings`, () => {
      const names = new Set(read(file).match(/\bKEYFOB_[A-Z_]*[A-Z]\b/g));
      for (const name of names) assert.ok(isSetting(name), name);
      assert.equal(isSetting('KEYFOB_NO_SUCH_THING'), false);
    });
  }

  test('Kubernetes contain no secret, only names of secrets', () => {
    for (const manifest of manifests)
      assert.doesNotMatch(read(manifest), /kind: Secret|postgres:\/\/|stringData/);
  });
});

/** A fresh server with a store in a file does not expose it. */
const OF_POSTGRES = 'keyfob_store_connections';
const NO_LINES = { written: 0, dropped: 0, leftOut: 0 };

describe('docs/operations.md', () => {
  const text = read(join('docs', 'operations.md'));

  test('links only to existing files', () => {
    const links = [...text.matchAll(/\]\((?<path>[^)#:]+)(?:#[^)]*)?\)/g)].map(
      ({ groups }) => groups?.['path'] ?? '',
    );
    assert.ok(links.length > 5);
    for (const link of links) assert.ok(existsSync(join(WORKSPACE, 'docs', link)), link);
  });

  test('names only known commands and flags', async () => {
    const written = /(?<=`|^|npx |\/keyfob )keyfob (?<words>[a-z]+(?: [a-z]+){0,2})(?<rest>[^`\n]*)/gm;
    const commands = new Map<string, Set<string>>();
    for (const { groups } of text.matchAll(written)) {
      const flags = commands.get(groups?.['words'] ?? '') ?? new Set();
      for (const [flag] of (groups?.['rest'] ?? '').matchAll(/--[a-z-]+/g)) flags.add(flag);
      commands.set(groups?.['words'] ?? '', flags);
    }
    assert.ok(commands.size > 8);
    for (const [words, flags] of commands) {
      const { stdout } = await runKeyfob([...words.split(' '), '--help']);
      // A word after the command may be its argument, as in "completion bash".
      const [, command = ''] = /^Usage: keyfob (?<command>[a-z]+(?: [a-z]+)*)/.exec(stdout) ?? [];
      assert.ok(`${words} `.startsWith(`${command} `) && command !== '', words);
      for (const flag of flags) assert.match(stdout, new RegExp(`${flag}\\b`));
    }
  });

  test('names only known events and metrics', async (t) => {
    const server = await createAuthorizationServer(
      { data: directoryFor(t), adminPort: 0 },
      { logLines: () => NO_LINES },
    );
    t.after(() => server.close());
    const metrics = await (await fetch(`${await server.listenForAdmin()}/metrics`)).text();
    const counted = new Set(createEventCounts().names());
    const events = [...text.matchAll(/event="(?<event>[a-z_.]+)"/g)].map(
      ({ groups }) => groups?.['event'] ?? '',
    );
    assert.ok(events.length > 5);
    for (const event of events) assert.ok(counted.has(event), event);
    for (const [name] of text.matchAll(/\b(?:keyfob|process)_[a-z_]+\b/g))
      assert.ok(
        metrics.includes(`# TYPE ${name.replace(/_(?:bucket|sum|count)$/, '')} `) ||
          ['keyfob_owner', 'keyfob_clients', OF_POSTGRES].includes(name),
        name,
      );
  });
});
