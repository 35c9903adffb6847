import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '@keyfob/server/cli';
import { makeDataDirectory, removeDataDirectory, runKeyfob, spawnKeyfob } from '../support/keyfob-process.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import { directoryFor, errorOf, runOn } from '../support/test-directory.ts';
import { COMMANDS, WITHOUT_STORE } from './every-command.ts';

describe('Every command explains itself', { concurrency: 2 }, () => {
  for (const command of COMMANDS) {
    test(`"keyfob ${command} --help" has a description and the option for the data directory`, async () => {
      const { code, stdout, stderr } = await runKeyfob([...command.split(' '), '--help']);
      assert.equal(code, 0);
      assert.equal(stderr, '');
      assert.ok(stdout.startsWith(`Usage: keyfob ${command} [options]`), stdout);
      const description =
        stdout
          .slice(stdout.indexOf('\n\n'))
          .split(/\n\n(?:Arguments|Options):/)[0]
          ?.trim() ?? '';
      assert.match(description, /^[A-Z][^]{15,}\.$/, `no sentence: ${description}`);
      if (!WITHOUT_STORE.has(command)) assert.match(stdout, /--data <dir>/);
      // What it prints is a script.
      if (command !== 'completion') assert.match(stdout, /--json/);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
    });
  }

  for (const group of [
    '',
    'client',
    'client secret',
    'registration',
    'owner',
    'grant',
    'webhook',
    'keys',
    'console',
    'operator',
    'operator key',
    'audit',
  ]) {
    test(`"keyfob ${group}" with "--help" lists its subcommands`, async () => {
      const words = group.split(' ').filter(Boolean);
      const { code, stdout } = await runKeyfob([...words, '--help']);
      assert.equal(code, 0);
      const below = COMMANDS.filter((command) => command.startsWith(group))
        .map((command) => command.split(' ')[words.length])
        .filter((name) => name !== undefined);
      for (const name of below) assert.match(stdout, new RegExp(`^  ${name}\\b.*\\S`, 'm'), stdout);
      const listed = stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}(?<name>[a-z-]+)\b.* {2}/gm);
      const unlisted = [...listed]
        .map((found) => found.groups?.['name'] ?? '')
        .filter((name) => name !== 'help' && !below.includes(name));
      assert.deepEqual(unlisted, [], 'a command that this test does not cover');
    });
  }
});

describe('The program does what its commands do when a host runs them', { concurrency: 2 }, () => {
  for (const [exit, what, words] of [
    [0, 'a result', ['keys', 'create', '--help']],
    [1, 'a failure', ['client', 'list', '--data', '/nonexistent/keyfob']],
    [1, 'a failure, as JSON', ['client', 'list', '--data', '/nonexistent/keyfob', '--json']],
    [2, 'a misuse', ['client', 'frobnicate']],
    [2, 'a misuse, as JSON', ['client', 'frobnicate', '--json']],
  ] as const)
    test(`${what}: the exit code ${exit}, standard output and standard error`, async () => {
      const program = await spawnKeyfob(words);
      assert.equal(program.code, exit);
      assert.equal(program.stdout === '', exit !== 0);
      assert.deepEqual(program, await runKeyfob(words));
    });

  for (const words of [
    ['serve', '--port', '0'],
    ['events', '--follow'],
  ])
    test(`a host is refused "${words.join(' ')}", which runs until its process is stopped`, async (t) => {
      let errors = '';
      const stream = new Writable({
        write(chunk: Buffer, _, done) {
          errors += chunk.toString();
          done();
        },
      });
      const inside = join(directoryFor(t), 'none');
      const terminal = { environment: {}, output: stream, errors: stream, isProcess: false };
      assert.equal(await runCommand([...words, '--data', inside, '--json'], terminal), 1);
      assert.match(errors, /"code":"needs_process"/);
      assert.ok(!existsSync(inside));
    });
});

test('"keyfob --version" prints only the version', async () => {
  const { code, stdout, stderr } = await spawnKeyfob(['--version']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

/** What is wrong, the arguments, and what the message must contain. */
const MISUSES: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['an unknown command', ['frobnicate'], /frobnicate/],
  ['an unknown command of a group', ['client', 'frobnicate'], /frobnicate/],
  ['an unknown option', ['client', 'list', '--frobnicate'], /--frobnicate/],
  ['an extra argument', ['client', 'list', 'frobnicate'], /too many arguments|frobnicate/],
  ['a missing argument', ['client', 'show'], /\bid\b/],
  ['a missing option', ['client', 'create'], /--dialect/],
  ['a second missing option', ['grant', 'create', '--client', 'ID'], /--subject/],
  ['a value that is not a choice', ['client', 'create', '--dialect', 'nissan'], /smartcar, pleos/],
  ['an option without its value', ['serve', '--port'], /--port/],
  ['a port out of range', ['serve', '--port', '65536'], /port must be at most 65535/],
  ['a port that is not a number', ['serve', '--port', 'http'], /port must be a whole number/],
  ['an unknown log level', ['serve', '--log-level', 'loud'], /debug, info, warn, error, silent/],
  ['a key number out of range', ['keys', 'create', '--number', '0'], /--number must be .* at least 1/],
];

describe('A usage error exits with 2, says what is wrong, and creates nothing', { concurrency: 2 }, () => {
  for (const [what, words, named] of MISUSES) {
    const directory = '/nonexistent/keyfob';
    const args = words[0] === 'keys' || words[0] === 'frobnicate' ? words : [...words, '--data', directory];
    const ordered = words.at(-1) === '--port' ? ['serve', '--data', directory, '--port'] : args;

    test(`${what}, as text`, async () => {
      const { code, stdout, stderr } = await runKeyfob(ordered);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, named);
      assert.ok(!existsSync(directory));
    });

    test(`${what}, as JSON`, async () => {
      // The option without its value must stay the last word.
      const asJson =
        ordered.at(-1) === '--port' ? [...ordered.slice(0, -1), '--json', '--port'] : [...ordered, '--json'];
      const ended = await runKeyfob(asJson);
      assert.equal(ended.code, 2, ended.stderr);
      assert.equal(ended.stdout, '');
      const error = errorOf(ended);
      assert.deepEqual(Object.keys(error), ['code', 'message', 'remedy']);
      assert.match(error.message, named);
    });
  }
});

describe('What the command line refuses on an existing store', { concurrency: 2 }, () => {
  let directory = '';
  let id = '';
  before(async () => {
    directory = makeDataDirectory();
    const made = await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'pleos', '--json');
    id = (JSON.parse(made.stdout) as MadeClient).clientId;
  });
  after(() => removeDataDirectory(directory));

  const BOUNDS: readonly (readonly [readonly string[], RegExp])[] = [
    [['--overlap-seconds', '901'], /--overlap-seconds must be at most 900/],
    [['--overlap-seconds', '-1'], /--overlap-seconds must be a whole number/],
    [['--race-seconds', '901'], /--race-seconds must be at most 900/],
    [['--refresh-token-lifetime-seconds', '59'], /--refresh-token-lifetime-seconds must be at least 60/],
    [['--access-token-lifetime-seconds', '0'], /--access-token-lifetime-seconds must be at least 1/],
    [['--grant-lifetime-seconds', '59'], /--grant-lifetime-seconds must be at least 60/],
    [['--resync-generations', '1000001'], /--resync-generations must be at most 1000000/],
    [['--rotation', 'sometimes'], /--rotation must be one of strict, overlap, until-used, none/],
    [['--on-replay', 'shout'], /--on-replay must be one of revoke, refuse, observe/],
    [['--require-user-agent', 'maybe'], /--require-user-agent must be true or false/],
    [['--dead-token-code', '418'], /--dead-token-code must be one of 4002, 401, 403, 4011/],
    [['--personal-grant', '42'], /--personal-grant must be the id of a grant, 16 hexadecimal digits/],
    [['--personal-grant', '00000000000000ff'], /--personal-grant must be a grant of the client/],
    [['--access-token-length', '35'], /--access-token-length must be at least 36 and at most 428/],
    [['--access-token-length', '429'], /--access-token-length must be at least 36 and at most 428/],
    [['--access-token-length', '36.5'], /--access-token-length must be a whole number/],
    [
      ['--overlap-seconds', '900', '--refresh-token-lifetime-seconds', '900'],
      /overlap-?[Ss]econds must be less than .*refresh/,
    ],
    [[], /nothing to change/],
  ];
  for (const [flags, limit] of BOUNDS) {
    test(`"client set ${flags.join(' ')}" exits with 2 and reports the limit`, async () => {
      const ended = await runOn(directory, 'client', 'set', id, ...flags, '--json');
      assert.equal(ended.code, 2, ended.stderr);
      const { code, message } = errorOf(ended);
      assert.equal(code, 'usage');
      assert.match(message, limit);
    });
  }

  test('an option of another dialect is refused', async () => {
    const made = await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--json');
    const { clientId } = JSON.parse(made.stdout) as MadeClient;
    const flags = ['--dead-token-code', '401', '--access-token-length', '36'];
    const ended = await runOn(directory, 'client', 'set', clientId, ...flags, '--json');
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(errorOf(ended).message, /the oauth dialect has no --dead-token-code/);
    assert.match(
      errorOf(ended).message,
      /--access-token-length cannot be set: .* oauth dialect have one length/,
    );
  });

  const UNKNOWN: readonly (readonly [readonly string[], string])[] = [
    [['client', 'show', 'nobody'], 'client_unknown'],
    [['client', 'set', 'nobody', '--name', 'x'], 'client_unknown'],
    [['client', 'disable', 'nobody'], 'client_unknown'],
    [['client', 'remove', 'nobody'], 'client_unknown'],
    [['client', 'secret', 'add', 'nobody'], 'client_unknown'],
    [['grant', 'create', '--client', 'nobody', '--subject', 'owner-1'], 'client_unknown'],
    [['grant', 'list', '--client', 'nobody'], 'client_unknown'],
    [['grant', 'show', '0123456789abcdef'], 'grant_unknown'],
    [['grant', 'revoke', 'nonsense'], 'grant_unknown'],
    [['grant', 'reinstate', '0123456789abcdef'], 'grant_unknown'],
  ];
  for (const [words, expected] of UNKNOWN) {
    test(`"${words.join(' ')}" exits with 1 and says how to find the right id`, async () => {
      const ended = await runOn(directory, ...words, '--json');
      assert.equal(ended.code, 1, ended.stderr);
      const { code, remedy } = errorOf(ended);
      assert.equal(code, expected);
      assert.match(remedy ?? '', /See "keyfob (?:client|grant) list"/);
    });
  }

  test('a limit out of range and a malformed grant id exit with 2', async () => {
    for (const flags of [
      ['--limit', '1001'],
      ['--limit', '0'],
      ['--after', 'xyz'],
    ]) {
      const ended = await runOn(directory, 'grant', 'list', ...flags, '--json');
      assert.equal(ended.code, 2, `${flags.join(' ')}: ${ended.stderr}`);
      assert.match(errorOf(ended).message, /1000|16 hexadecimal digits/);
    }
  });
});

for (const words of [['client', 'list'], ['client', 'create', '--dialect', 'oauth'], ['migrate']])
  test(`"${words.join(' ')}" on a directory without a store creates nothing, and says how to create one`, async (t) => {
    const inside = join(directoryFor(t), 'none');
    const ended = await runOn(inside, ...words, '--json');
    assert.equal(ended.code, 1);
    const { code, message, remedy } = errorOf(ended);
    assert.equal(code, 'store_missing');
    assert.ok(message.includes(join(inside, 'keyfob.db')), message);
    assert.match(remedy ?? '', /--data.*keyfob serve.*--create-store/);
    assert.ok(!existsSync(inside));
  });
