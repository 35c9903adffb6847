import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Ended } from '../support/keyfob-process.ts';
import { runCommand } from '../support/run-command.ts';
import { subjectWords } from './grade-words.ts';
import { SERVICE } from './scripted-service.ts';

const BIN = fileURLToPath(
  new URL('bin/keyfob-sandbox.js', import.meta.resolve('@keyfob/sandbox/package.json')),
);
const folder = mkdtempSync(join(tmpdir(), 'keyfob-grade-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (...words: readonly string[]): Promise<Ended> =>
  runCommand(process.execPath, [BIN, 'grade', ...words]);

test('a scorecard is printed, and the exit code says whether a grant was lost avoidably', async () => {
  const report = join(folder, 'report.xml');
  const options = ['--scenario', 'killed-while-storing', 'race', '--junit', report, '--limit', '20'];
  const careful = await run(...options, '--', ...subjectWords('careful', 'smartcar'));
  assert.match(careful.stdout, /Full score\.\n$/);
  assert.equal(careful.code, 0, careful.stderr);
  assert.match(readFileSync(report, 'utf8'), /tests="3" failures="0"/);

  const naive = await run(...options, '--json', '--', ...subjectWords('naive', 'smartcar'));
  assert.equal(naive.code, 1);
  const card = JSON.parse(naive.stdout) as {
    readonly exitCode: number;
    readonly scenarios: readonly { readonly name: string; readonly outcome: string }[];
  };
  assert.equal(card.exitCode, 1);
  assert.deepEqual(
    card.scenarios.map(({ name, outcome }) => [name, outcome]),
    [
      ['plain', 'kept'],
      ['killed-while-storing', 'lost_avoidably'],
      ['race', 'kept'],
    ],
  );
  assert.match(readFileSync(report, 'utf8'), /failures="1"[^]*<failure message="a kill in the middle/);
  assert.equal(naive.stderr, '');
});

test('with --strict every fault counts', async () => {
  const words = ['--scenario', 'redirect', '--strict', '--', ...subjectWords('smartcar-10')];
  const { code, stdout } = await run(...words);
  assert.match(stdout, /redirect {18}kept; sent a token elsewhere/);
  assert.equal(code, 1);
});

test('the last lines of a command are shown without secrets', async () => {
  const script = `console.error('held', process.env.KEYFOB_REFRESH_TOKEN, process.env.KEYFOB_CLIENT_SECRET); process.exit(1)`;
  const { code, stdout } = await run('--', process.execPath, '-e', script);
  assert.equal(code, 3);
  assert.match(stdout, /\| held \[hidden\] \[hidden\]/);
});

test('wrong words are usage errors, with the remedy', async () => {
  for (const [words, message] of [
    [[], /no command to grade\n.*after --/],
    [['--scenario', 'hnag', '--', 'true'], /unknown scenario hnag, did you mean hang\?/],
    [['--environment', 'ruby', '--', 'true'], /unknown environment ruby\n.*smartcar-ruby/],
    [['--limit', 'soon', '--', 'true'], /--limit soon is not a number/],
    [['--dialect', 'nissan', '--', 'true'], /smartcar, pleos/],
    [['--service', 'nowhere', '--', 'true'], /--service nowhere is no URL/],
    [['--junit', join(folder, 'no', 'report.xml'), '--', 'true'], /cannot be written/],
  ] as const) {
    const { code, stdout, stderr } = await run(...words);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
});

test('a service is started, asked over HTTP, killed and started again', async () => {
  const program = join(folder, 'service.mjs');
  writeFileSync(program, SERVICE);
  const url = 'http://127.0.0.1:18963/token';
  const scenarios = ['lost-answer-after', 'killed-after-commit', 'restored-client', 'secret-rolled', 'race'];
  const words = [
    '--service',
    url,
    '--json',
    '--scenario',
    ...scenarios,
    '--',
    process.execPath,
    program,
    url,
  ];
  const { code, stdout, stderr } = await run(...words);
  assert.equal(code, 0, stderr);
  const { scenarios: graded } = JSON.parse(stdout) as {
    readonly scenarios: readonly {
      readonly name: string;
      readonly outcome: string;
      readonly findings: object[];
    }[];
  };
  assert.deepEqual(
    graded.map(({ name, outcome, findings }) => [name, outcome, findings.length]),
    [
      ['plain', 'kept', 0],
      ['lost-answer-after', 'kept', 0],
      ['killed-after-commit', 'kept', 0],
      ['race', 'kept', 0],
      ['restored-client', 'lost_unavoidably', 0],
      ['secret-rolled', 'kept', 0],
    ],
  );
});
