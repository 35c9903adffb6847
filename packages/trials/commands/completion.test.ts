import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';

/** How each shell is asked what it would complete, after it has read the script `$1`; the words are the others. */
const ASK = {
  bash: `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keyfob; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Only inside a completion does zsh know _describe and _files, so they print here.
  zsh: `compdef() { :; }; _describe() { print -l -- \${(P)2}; }; _files() { print -l -- *; }
    source "$1"; shift; words=("$@"); CURRENT=$#; _keyfob`,
  fish: `source $argv[1]; complete -C (string join ' ' -- $argv[2..])`,
} as const;

type Shell = keyof typeof ASK;
const SHELLS = Object.keys(ASK) as readonly Shell[];

const hasShell = (shell: Shell): boolean => spawnSync(shell, ['-c', 'true']).error === undefined;

/** What the shell offers for the last word, without the descriptions. */
const complete = (shell: Shell, script: string, cwd: string, words: readonly string[]): readonly string[] => {
  const args = shell === 'zsh' ? ['-f', '-c', ASK[shell], 'zsh'] : ['-c', ASK[shell]];
  const { stdout, stderr } = spawnSync(
    shell,
    [...args, ...(shell === 'bash' ? ['bash'] : []), script, ...words],
    { cwd, encoding: 'utf8', env: { ...process.env, HOME: cwd } },
  );
  assert.equal(stderr, '');
  const offered = stdout.split('\n').map((line) => line.split(/[\t:]/)[0] ?? '');
  const begun = words.at(-1) ?? '';
  return [...new Set(offered.filter((word) => word !== '' && word.startsWith(begun)))].sort();
};

const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['keyfob', 'gr'], ['grant']],
  [
    ['keyfob', 'grant', 're'],
    ['reinstate', 'revoke'],
  ],
  [
    ['keyfob', 'client', 'secret', ''],
    ['add', 'list', 'remove'],
  ],
  [
    ['keyfob', 'grant', 'list', '--st'],
    ['--status', '--store'],
  ],
  [
    ['keyfob', 'grant', 'list', '--status', ''],
    ['active', 'expired', 'in_doubt', 'revoked'],
  ],
  [['keyfob', 'grant', 'list', '--subject', 'gr'], []],
  [['keyfob', 'grant', 'list', '--json', '--cl'], ['--client']],
  [['keyfob', 'import', '--report', 'a-f'], ['a-file.txt']],
];

describe('completion', () => {
  for (const shell of SHELLS)
    test(`${shell} completes commands, options, their values and files`, async (t) => {
      if (!hasShell(shell)) return t.skip(`${shell} is not installed`);
      const directory = directoryFor(t);
      const { code, stdout } = await runKeyfob(['completion', shell]);
      assert.equal(code, 0);
      const script = join(directory, 'script');
      writeFileSync(script, stdout);
      writeFileSync(join(directory, 'a-file.txt'), '');
      for (const [words, offered] of CASES) {
        const found = complete(shell, script, directory, words);
        const expected = words.at(-1) === '' ? found.filter((word) => !word.startsWith('-')) : found;
        assert.deepEqual(expected, offered, words.join(' '));
      }
    });

  test('another shell exits with 2', async () => {
    assert.equal((await runKeyfob(['completion', 'tcsh'])).code, 2);
  });
});
