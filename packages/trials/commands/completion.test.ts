import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';
import { COMMANDS } from './every-command.ts';

/**
 * How each shell is asked what it would complete, after it has read the script `$1`. Every line of its input has the words of
 * one question, each after an `@`, with bars between them; after each answer it prints a line with `=`.
 */
const ASK = {
  bash: `source "$1"; while IFS='|' read -r -a COMP_WORDS; do
      COMP_WORDS=("\${COMP_WORDS[@]#@}"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _keyfob; printf '%s\\n' "\${COMPREPLY[@]}" =
    done`,
  // Only inside a completion does zsh know _describe and _files, so they print here.
  zsh: `compdef() { :; }; _describe() { print -l -- \${(P)2}; }; _files() { print -l -- *; }
    source "$1"; while IFS= read -r line; do
      words=("\${(@s:|:)line}"); words=("\${(@)words#@}"); CURRENT=$#words; _keyfob; print =
    done`,
  fish: `source $argv[1]; while read -l line
      complete -C (string join ' ' -- (string split '|' -- $line | string replace -r '^@' '')); echo =
    end`,
} as const;

type Shell = keyof typeof ASK;
const SHELLS = Object.keys(ASK) as readonly Shell[];

const hasShell = (shell: Shell): boolean => spawnSync(shell, ['-c', 'true']).error === undefined;

type Question = readonly string[];

/** What the shell offers for the last word of each question, without the descriptions. */
const complete = (
  shell: Shell,
  script: string,
  cwd: string,
  questions: readonly Question[],
): readonly (readonly string[])[] => {
  const args = shell === 'zsh' ? ['-f', '-c', ASK[shell], 'zsh'] : ['-c', ASK[shell]];
  const { stdout, stderr } = spawnSync(shell, [...args, ...(shell === 'bash' ? ['bash'] : []), script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, HOME: cwd },
    input: questions.map((words) => `${words.map((word) => `@${word}`).join('|')}\n`).join(''),
  });
  assert.equal(stderr, '');
  return questions.map((words, index) => {
    const lines = stdout.split(/^=\n/m)[index]?.split('\n') ?? [];
    const offered = lines.map((line) => line.split(/[\t:]/)[0] ?? '');
    return [...new Set(offered.filter((word) => word !== '' && word.startsWith(words.at(-1) ?? '')))].sort();
  });
};

const CASES: readonly (readonly [Question, readonly string[]])[] = [
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

/** The names of the commands right below a group. */
const namesBelow = (group: readonly string[]): readonly string[] => [
  ...new Set(
    COMMANDS.map((command) => command.split(' '))
      .filter((words) => words.length > group.length && group.every((word, at) => words[at] === word))
      .map((words) => words[group.length] ?? ''),
  ),
];

/** Every word or words that commands begin with, and none. */
const GROUPS: readonly Question[] = [
  ...new Set(
    COMMANDS.flatMap((command) => {
      const words = command.split(' ');
      return words.map((_, count) => words.slice(0, count).join(' '));
    }),
  ),
].map((group) => group.split(' ').filter(Boolean));

/** For every command the options that its help shows, and for every group its commands. */
const casesOfHelp = async (): Promise<typeof CASES> => {
  const options = await Promise.all(
    COMMANDS.map(async (command) => {
      const { stdout } = await runKeyfob([...command.split(' '), '--help']);
      const shown = [...stdout.matchAll(/^ {2}(?:-\w, )?(?<flag>--[a-z-]+)/gm)];
      const flags = shown.map(({ groups }) => groups?.['flag'] ?? '').toSorted();
      return [['keyfob', ...command.split(' '), '--'], flags] as const;
    }),
  );
  const below = GROUPS.map((group) => [['keyfob', ...group, ''], namesBelow(group).toSorted()] as const);
  return [...options, ...below];
};

describe('completion', () => {
  for (const shell of SHELLS)
    test(`${shell} completes every command, option, their values and files`, async (t) => {
      if (!hasShell(shell)) return t.skip(`${shell} is not installed`);
      const directory = directoryFor(t);
      const { code, stdout } = await runKeyfob(['completion', shell]);
      assert.equal(code, 0);
      const script = join(directory, 'script');
      writeFileSync(script, stdout);
      writeFileSync(join(directory, 'a-file.txt'), '');
      const cases = [...CASES, ...(await casesOfHelp())];
      const answers = complete(
        shell,
        script,
        directory,
        cases.map(([words]) => words),
      );
      for (const [index, [words, offered]] of cases.entries()) {
        const found = answers[index] ?? [];
        const expected = words.at(-1) === '' ? found.filter((word) => !word.startsWith('-')) : found;
        assert.deepEqual(expected, offered, words.join(' '));
      }
    });

  test('another shell exits with 2', async () => {
    assert.equal((await runKeyfob(['completion', 'tcsh'])).code, 2);
  });
});
