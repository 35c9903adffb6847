import { Argument } from 'commander';
import type { Command } from 'commander';
import { writeOutput } from '../command/output.ts';
import type { CommandTerminal } from '../command/terminal.ts';
import { writeBash } from './bash.ts';
import { readCommandTree } from './command-tree.ts';
import { writeFish } from './fish.ts';
import { writeZsh } from './zsh.ts';

/** What writes the script of a shell. */
const SHELLS = { bash: writeBash, zsh: writeZsh, fish: writeFish } as const;

export const addCompletion = (program: Command): void => {
  program
    .command('completion')
    .summary('print a script that completes commands in a shell')
    .description(
      'Prints a script that lets a shell complete the commands, options and values of keyfob. It is made from the commands of this version.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      `
Examples:
  $ source <(keyfob completion bash)
  $ keyfob completion zsh > "\${fpath[1]}/_keyfob"
  $ keyfob completion fish > ~/.config/fish/completions/keyfob.fish`,
    )
    .action((shell: keyof typeof SHELLS, { terminal }: { readonly terminal: CommandTerminal }) =>
      writeOutput(terminal.output, SHELLS[shell](readCommandTree(program))),
    );
};
