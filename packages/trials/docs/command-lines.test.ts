import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readDocument, readDocuments } from './documents.ts';

/** The commands of a program with their flags, as its page of the reference has them. */
const readCommands = (page: string, program: string): ReadonlyMap<string, ReadonlySet<string>> => {
  const sections = new RegExp(`^## ${program} (.+)\\n\\n\`\`\`text\\n([^]*?)^\`\`\`$`, 'gm');
  return new Map(
    [...readDocument(page).matchAll(sections)].map(([, words = '', help = '']) => [
      words,
      new Set(['--json', '--help', ...[...help.matchAll(/--[a-z][\w-]*/g)].map(([flag]) => flag)]),
    ]),
  );
};

const PROGRAMS: Readonly<Record<string, ReadonlyMap<string, ReadonlySet<string>>>> = {
  keyfob: readCommands('docs/reference/commands.md', 'keyfob'),
  'keyfob-keeper': readCommands('docs/reference/keeper-commands.md', 'keyfob-keeper'),
};

/** The reference itself is written from the program. */
const DOCUMENTS = readDocuments().filter(({ path }) => !path.startsWith('docs/reference/'));

/** What a reader may paste: the lines of a code block, and what is in backticks. */
const codeOf = (text: string): readonly string[] => [
  ...[...text.matchAll(/^ *```(?:sh|console)\n([^]*?)^ *```$/gm)].flatMap(([, code = '']) =>
    code.replaceAll('\\\n', ' ').split('\n'),
  ),
  ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code),
];

/** The program, its words and its flags, up to where another program begins or a comment does. */
const COMMAND_LINE = /(?:^|[\s(])(keyfob(?:-keeper)?) ([a-z][^|;&>#]*)/g;

const faultsOf = (line: string): readonly string[] =>
  [...line.matchAll(COMMAND_LINE)].flatMap(([, program = '', rest = '']) => {
    const words = rest.trim().split(/\s+/);
    const commands = PROGRAMS[program];
    const name = [3, 2, 1]
      .map((length) => words.slice(0, length).join(' '))
      .find((one) => commands?.has(one));
    const isGroup = [...(commands?.keys() ?? [])].some((one) => one.startsWith(`${words[0]} `));
    if (name === undefined) return isGroup && words.length === 1 ? [] : [`no command: ${program} ${rest}`];
    return words
      .filter((word) => /^--[a-z]/.test(word) && !commands?.get(name)?.has(word))
      .map((flag) => `${program} ${name} has no ${flag}`);
  });

describe('the documents show only commands and flags that exist', () => {
  for (const { path, text } of DOCUMENTS)
    test(path, () => assert.deepEqual(codeOf(text).flatMap(faultsOf), []));
});

test('a command or a flag that does not exist is found', () => {
  assert.deepEqual(faultsOf('npx keyfob grant lst --client ID | head'), [
    'no command: keyfob grant lst --client ID ',
  ]);
  assert.deepEqual(faultsOf('(umask 077 && keyfob grant list --clients ID)'), [
    'keyfob grant list has no --clients',
  ]);
  assert.deepEqual(faultsOf('keyfob-keeper ls --state dead # the dead ones'), []);
});
