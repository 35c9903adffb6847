import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';
import { COMMANDS, WITHOUT_STORE } from './every-command.ts';

/**
 * A run of each command on one store, in this order: its words, with what earlier commands made in braces, and what it makes
 * itself, by the member of its answer.
 */
const RUNS: readonly (readonly [words: string, makes?: Readonly<Record<string, string>>])[] = [
  ['client create --dialect oauth --name A --create-store', { client: 'clientId' }],
  ['client create --dialect smartcar --name B', { other: 'clientId' }],
  ['client list'],
  ['client show {client}'],
  ['client set {client} --name C'],
  ['client secret add {client} --name second --expires-in-seconds 3600', { secret: 'secretId' }],
  ['client secret list {client}'],
  ['client secret remove {client} {secret}'],
  ['client disable {client}'],
  ['client enable {client}'],
  ['webhook add --url https://hooks.example/a', { webhook: 'webhookId' }],
  ['grant create --client {client} --subject owner-1', { grant: 'grantId' }],
  ['grant list'],
  ['grant revoke {grant}'],
  ['grant show {grant}'],
  ['grant reinstate {grant}'],
  ['registration create --dialect oauth', { token: 'tokenId' }],
  ['registration tokens'],
  ['registration list'],
  ['registration remove {token}'],
  ['owner export owner-1 --out {directory}/owner.json'],
  ['events'],
  ['webhook list'],
  ['webhook show {webhook}'],
  ['webhook set {webhook} --event grant.created'],
  ['webhook test {webhook}'],
  ['webhook deliveries --attempts'],
  ['webhook retry {webhook}'],
  ['webhook remove {webhook}'],
  ['keys create --number 1000'],
  ['keys rotate'],
  ['keys compromise 1 --yes'],
  ['keys list'],
  ['keys retire 1 --yes'],
  ['console login --admin-port 8788'],
  ['console logout'],
  ['operator key add --name a --role viewer', { operatorKey: 'keyId' }],
  ['operator key list'],
  ['operator key remove {operatorKey}'],
  ['troubles'],
  ['nodes'],
  ['prune --dry-run'],
  ['doctor'],
  ['migrate'],
  ['backup {directory}/backup.db'],
  ['restore {directory}/backup.db'],
  ['import {directory}/import.csv'],
  ['audit list'],
  ['audit export'],
  ['audit verify'],
  ['client remove {other}'],
  ['version'],
];

/** Commands that need a process, another server, another store or a client that registered itself, or print a script. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'serve',
  'device-demo',
  'copy',
  'completion',
  'registration approve',
  'registration refuse',
]);

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;
/** Names of members that are moments. */
const MOMENT = /(?:^|[a-z])(?:At|Until|Since)$|^(?:at|since|until|time)$/;
/** No count and no duration of this trial is as large; a moment in seconds or milliseconds is. */
const MOMENT_LEAST = 1_000_000_000;

/** The members that are moments but not in ISO 8601. */
const faultsOf = (value: unknown, path: string): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((one: unknown, index) => faultsOf(one, `${path}[${index}]`));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) => faultsOf(one, `${path}.${name}`));
  const name = path.split('.').at(-1) ?? '';
  const isTime = MOMENT.test(name) && value !== null && !(typeof value === 'string' && ISO.test(value));
  const isNumber = typeof value === 'number' && value >= MOMENT_LEAST;
  return isTime || isNumber ? [`${path}: ${JSON.stringify(value)}`] : [];
};

const commandOf = (words: string) => COMMANDS.find((command) => `${words} `.startsWith(`${command} `));

test('the JSON of every command has its moments in ISO 8601', async (t) => {
  const ran = new Set(RUNS.map(([words]) => commandOf(words)));
  const missing = COMMANDS.filter((command) => !ELSEWHERE.has(command) && !ran.has(command));
  assert.deepEqual(missing, [], 'a command without a run here');
  const directory = directoryFor(t);
  writeFileSync(join(directory, 'import.csv'), 'client,subject,refresh_token,expires_at\n');
  const made: Record<string, string> = { directory };
  for (const [words, makes = {}] of RUNS) {
    const filled = words
      .split(' ')
      .map((word) => word.replace(/\{(?<name>\w+)\}/, (_, name: string) => made[name] ?? ''));
    const { stdout, stderr, code } = await runKeyfob([
      ...filled,
      '--json',
      ...(WITHOUT_STORE.has(commandOf(words) ?? '') ? [] : ['--data', directory]),
    ]);
    assert.ok(stdout !== '', `${words}: ${code} ${stderr}`);
    for (const line of stdout.trim().split('\n')) {
      const answer = JSON.parse(line) as Readonly<Record<string, unknown>>;
      for (const [name, member] of Object.entries(makes)) made[name] = String(answer[member]);
      assert.deepEqual(faultsOf(answer, words), []);
    }
  }
});
