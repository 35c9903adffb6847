import assert from 'node:assert/strict';
import { runKeyfob } from '../support/keyfob-process.ts';

/** Help of one command: its words after `keyfob`, and the text it prints. */
type CommandHelp = { readonly words: readonly string[]; readonly help: string };

/** The names of the subcommands that a help text lists. */
const subcommandsOf = (help: string): readonly string[] => {
  const [, list = ''] = /^Commands:\n(?<list>(?: .*\n)+)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]));
};

const readHelp = async (words: readonly string[]): Promise<readonly CommandHelp[]> => {
  const { code, stdout, stderr } = await runKeyfob([...words, '--help']);
  assert.equal(code, 0, stderr);
  const below = await Promise.all(subcommandsOf(stdout).map((name) => readHelp([...words, name])));
  return [{ words, help: stdout.trimEnd() }, ...below.flat()];
};

const INTRODUCTION = `# Commands

<!-- Written by \`npm run docs\`. -->

In a clone the command is \`npx keyfob\` or \`npm run keyfob --\`. Where the package \`@keyfob/server\` is installed, it is \`keyfob\`. Every command
takes \`--json\`. A change takes effect with the next request of a running server. Exit codes: 0 done, 1 failed, 2 usage error.
`;

/** The page of all commands, from the help that they print. */
export const renderCommands = async (): Promise<string> => {
  const commands = await readHelp([]);
  const leaves = commands.filter(({ help }) => subcommandsOf(help).length === 0);
  const contents = leaves.map(({ words }) => `[${words.join(' ')}](#keyfob-${words.join('-')})`).join(' · ');
  const sections = leaves.map(({ words, help }) => `## keyfob ${words.join(' ')}\n\n\`\`\`text\n${help}\n\`\`\`\n`);
  return [INTRODUCTION, `${contents}\n`, ...sections].join('\n');
};
