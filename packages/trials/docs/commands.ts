import { isLeaf } from './help.ts';
import type { CommandHelp } from './help.ts';

const INTRODUCTION = `# Commands

<!-- Written by \`npm run docs\`. -->

In a clone the command is \`npx keyfob\` or \`npm run keyfob --\`. Where the package \`@keyfob/server\` is installed, it is \`keyfob\`. Every command
takes \`--json\`. A change takes effect with the next request of a running server. Exit codes: 0 done, 1 failed, 2 usage error.
`;

/** The page of all commands, from the help that they print. */
export const renderCommands = (
  commands: readonly CommandHelp[],
  { program, introduction }: { readonly program: string; readonly introduction: string } = {
    program: 'keyfob',
    introduction: INTRODUCTION,
  },
): string => {
  const leaves = commands.filter(isLeaf);
  const contents = leaves
    .map(({ words }) => `[${words.join(' ')}](#${program}-${words.join('-')})`)
    .join(' · ');
  const sections = leaves.map(
    ({ words, text }) => `## ${program} ${words.join(' ')}\n\n\`\`\`text\n${text}\n\`\`\`\n`,
  );
  return [introduction, `${contents}\n`, ...sections].join('\n');
};
