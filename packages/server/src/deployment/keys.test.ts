import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorError } from '../errors.ts';
import type { LogEvent } from '../log-event.ts';
import { createKeyLine, createKeyLines, parseKeyRing } from '../tokens/key-ring.ts';
import type { KeyWithdrawal, RegisteredKey } from '../tokens/key-state.ts';
import { registrationOf } from '../tokens/key-store.ts';
import { keyCommandSource } from './key-command.ts';
import { createReloadingKeyRing, refuseOtherKeys } from './keys.ts';

const OLD = createKeyLines(1, 0);
const NEW = `${OLD}\n${createKeyLine(5, 'seal', 0)}`;
const keysOf = (text: string): readonly RegisteredKey[] => parseKeyRing(text).keys.map(registrationOf);
const withdrawn = (number: number, withdrawal: KeyWithdrawal): readonly RegisteredKey[] =>
  keysOf(NEW).map((key) => (key.number === number ? { ...key, withdrawal } : key));
const RETIRED: KeyWithdrawal = { state: 'retired', atMs: 1 };
const COMPROMISED: KeyWithdrawal = { state: 'compromised', atMs: 1, opensUntilMs: 2 };

const openRing = (read: () => string | Promise<string>, text = OLD, registered = keysOf(text)) => {
  const events: LogEvent[] = [];
  const first = { ring: parseKeyRing(text), registered };
  const ring = createReloadingKeyRing({ name: 'ring', read }, first, (event) => void events.push(event));
  return { ring, namesOf: () => events.map(({ event }) => event) };
};

test('a ring from a file has a new key at once, and the same ring is kept while nothing changes', () => {
  const { ring, namesOf } = openRing(() => NEW);
  const { keyRing } = ring;
  assert.equal(ring.noticeKeys(keysOf(OLD)), false);
  assert.equal(ring.keyRing, keyRing);
  assert.equal(ring.noticeKeys(keysOf(NEW)), false);
  assert.equal(ring.keyRing.seal.active.number, 5);
  assert.deepEqual(namesOf(), ['keys.reloaded']);
});

test('a key that the ring has before the store seals nothing, because no other node could learn of it', () => {
  const newer = `${NEW}\n${createKeyLine(6, 'seal', 0)}`;
  const { ring } = openRing(() => newer);
  assert.equal(ring.noticeKeys(keysOf(NEW)), false);
  assert.deepEqual([ring.keyRing.seal.active.number, ring.keyRing.newestNumber], [5, 6]);
  assert.equal(ring.noticeKeys(keysOf(newer)), false);
  assert.deepEqual([ring.keyRing.seal.active.number, ring.keyRing.newestNumber], [6, 6]);
});

test('another key than the one that the store has under its number counts as missing', () => {
  const { ring, namesOf } = openRing(() => `${OLD}\n${createKeyLine(5, 'seal', 0)}`);
  assert.equal(ring.noticeKeys(keysOf(NEW)), true);
  assert.equal(ring.keyRing.seal.active.number, 1);
  assert.deepEqual(namesOf(), ['keys.reloaded', 'keys.missing']);
});

test('a ring from a command lacks a new key until the command has ended, and is asked for once', async () => {
  let asked = 0;
  const answer = Promise.withResolvers<string>();
  const { ring, namesOf } = openRing(() => {
    asked++;
    return answer.promise;
  });
  for (let times = 0; times < 3; times++) assert.equal(ring.noticeKeys(keysOf(NEW)), true);
  assert.deepEqual([asked, namesOf()], [1, ['keys.missing']]);
  answer.resolve(NEW);
  await answer.promise;
  await Promise.resolve();
  assert.equal(ring.noticeKeys(keysOf(NEW)), false);
  assert.equal(ring.keyRing.seal.active.number, 5);
});

test('a source that fails leaves the ring as it is', () => {
  const { ring } = openRing(() => {
    throw new OperatorError('key_missing', 'gone', '');
  });
  assert.equal(ring.noticeKeys(keysOf(NEW)), true);
  assert.equal(ring.keyRing.seal.active.number, 1);
});

test('a key that is withdrawn is taken over and reported, once; so is a compromised one at the start', () => {
  const { ring, namesOf } = openRing(() => NEW, NEW);
  for (let times = 0; times < 2; times++) ring.noticeKeys(withdrawn(1, COMPROMISED));
  assert.deepEqual(ring.keyRing.seal.find(1)?.withdrawal, COMPROMISED);
  ring.noticeKeys(withdrawn(1, RETIRED));
  assert.deepEqual(namesOf(), ['keys.compromised', 'keys.retired']);
  assert.deepEqual(openRing(() => NEW, NEW, withdrawn(1, COMPROMISED)).namesOf(), ['keys.compromised']);
  assert.deepEqual(openRing(() => NEW, NEW, withdrawn(1, RETIRED)).namesOf(), []);
});

test('a reading that is older than the one before takes no withdrawal back; a later decision holds', () => {
  const { ring } = openRing(() => NEW, NEW);
  const moved = { ...COMPROMISED, atMs: 2, opensUntilMs: 9 } as const;
  const states = [COMPROMISED, undefined, moved, COMPROMISED, RETIRED, moved, undefined].map((withdrawal) => {
    ring.noticeKeys(withdrawal === undefined ? keysOf(NEW) : withdrawn(1, withdrawal));
    return ring.keyRing.seal.find(1)?.withdrawal;
  });
  assert.deepEqual(states, [COMPROMISED, COMPROMISED, moved, moved, RETIRED, RETIRED, RETIRED]);
});

test('the line of a retired key may leave the ring, that of any other key may not', () => {
  const ring = parseKeyRing(NEW.replace(/^1:.*\n/, ''));
  refuseOtherKeys(withdrawn(1, RETIRED), ring, 'ring');
  for (const registered of [keysOf(NEW), withdrawn(1, COMPROMISED)])
    assert.throws(() => refuseOtherKeys(registered, ring, 'ring'), { code: 'key_wrong' });
});

test('a key that serves another purpose than before is another key', () => {
  const other = keysOf(OLD).map((key): RegisteredKey =>
    key.number === 1 ? { ...key, purpose: 'sign' } : key,
  );
  assert.throws(() => refuseOtherKeys(other, parseKeyRing(OLD), 'ring'), { code: 'key_wrong' });
});

const FAILURES: readonly (readonly [string, string, RegExp])[] = [
  ['fails', 'echo AAAASECRET; exit 3', /ended with 3/],
  ['does not exist', 'no-such-command-of-a-secret-manager', /ended with \d+/],
  ['prints too much', 'head -c 100000 /dev/zero', /more than 65536 bytes/],
];

for (const [what, command, message] of FAILURES)
  test(`a command that ${what} is an error that says nothing of what it printed`, async () => {
    await assert.rejects(
      async () => keyCommandSource(command).read(),
      (error: unknown) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.code, 'key_command_failed');
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /SECRET/);
        return true;
      },
    );
  });
