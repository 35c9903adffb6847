import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBlockedOutput } from './blocked-output.ts';
import { startProgram } from './program.ts';

const sh = (script: string, limitMs = 30_000) =>
  startProgram({ command: ['sh', '-c', script], environment: { GREETING: 'hello' }, limitMs });

test('what a program prints and its exit code are its ending', async () => {
  const program = sh('echo "$GREETING"; echo trouble >&2; exit 75');
  assert.deepEqual(await program.ending, { kind: 'exited', code: 75, stdout: 'hello\n' });
  assert.equal(program.errorText(), 'trouble\n');
});

test('a program that does not end is stopped at its limit, with all that it has started', async () => {
  const { ending } = sh('sleep 600 & sleep 600', 100);
  assert.deepEqual(await ending, { kind: 'hung' });
});

test('a program that ends while its child holds the output open has ended', async () => {
  assert.deepEqual(await sh('sleep 600 & echo done').ending, { kind: 'exited', code: 0, stdout: 'done\n' });
});

test('a program that is killed on purpose has not crashed', async () => {
  const killed = sh('sleep 600');
  killed.kill();
  assert.deepEqual(await killed.ending, { kind: 'killed' });
  assert.deepEqual(await sh('kill -SEGV $$').ending, { kind: 'crashed', signal: 'SIGSEGV' });
});

test('a program that does not exist was not started', async () => {
  const { ending } = startProgram({ command: ['no-such-program'], environment: {}, limitMs: 1000 });
  assert.deepEqual(await ending, { kind: 'not_started', because: '"no-such-program" was not found' });
});

test('of endless output only the end is kept', async () => {
  const ending = await sh('yes | head -c 3000000; echo end').ending;
  assert.ok(ending.kind === 'exited');
  assert.ok(ending.stdout.length <= 65_536 && ending.stdout.endsWith('end\n'));
});

test('settings of an outer sandbox do not reach the program', async (t) => {
  process.env['KEYFOB_OUTER'] = 'outer';
  t.after(() => delete process.env['KEYFOB_OUTER']);
  assert.deepEqual(await sh('echo "${KEYFOB_OUTER:-unset}"').ending, {
    kind: 'exited',
    code: 0,
    stdout: 'unset\n',
  });
});

test('a program that prints to a blocked output does nothing of what comes after', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-output-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const output = openBlockedOutput(folder);
  if (output === undefined) return t.skip('this system has no named pipes');
  const [before, afterwards] = [join(folder, 'before'), join(folder, 'afterwards')];
  const program = startProgram({
    command: ['sh', '-c', `echo x > '${before}'; echo token; echo x > '${afterwards}'`],
    environment: {},
    limitMs: 30_000,
    output,
  });
  const limit = setTimeout(() => program.kill(), 300);
  assert.deepEqual(await program.ending, { kind: 'killed' });
  clearTimeout(limit);
  output.close();
  assert.ok(existsSync(before));
  assert.ok(!existsSync(afterwards));
});

/** Whether a process runs. One that has ended may wait for its parent to notice. */
const isRunning = (id: string): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('a daemon that has left the group of a program ends with it', { timeout: 60_000 }, async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux says which process belongs to a run');
  const folder = mkdtempSync(join(tmpdir(), 'keyfob-daemon-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'id');
  const daemon = `setsid sh -c 'echo $$ > "${file}"; exec sleep 600' &`;
  const ending = await sh(`${daemon} while [ ! -s '${file}' ]; do :; done; echo done`).ending;
  assert.deepEqual(ending, { kind: 'exited', code: 0, stdout: 'done\n' });
  const id = readFileSync(file, 'utf8').trim();
  while (isRunning(id)) await sleep(5, undefined, { signal: t.signal });
});
