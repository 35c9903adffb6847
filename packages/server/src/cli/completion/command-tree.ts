import type { Command, Option } from 'commander';

/** An option of a command, for completion. */
export type CompletedOption = {
  /** With its dashes. */
  readonly flag: string;
  readonly description: string;
  /** What may follow it: nothing, one of these words, the name of a file, or any text. */
  readonly value: 'none' | 'file' | 'text' | readonly string[];
};

/** A command with what may follow it. */
export type CompletedCommand = {
  /** The words after the name of the program; none for the program itself. */
  readonly path: readonly string[];
  readonly below: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletedOption[];
};

/** Every command of a program, the program itself first. */
export const readCommandTree = (
  command: Command,
  path: readonly string[] = [],
): readonly CompletedCommand[] => [
  {
    path,
    below: command.commands.map((one) => ({ name: one.name(), summary: firstSentence(summaryOf(one)) })),
    options: [...command.options.filter(({ hidden }) => !hidden).map(toCompleted), HELP],
  },
  ...command.commands.flatMap((one) => readCommandTree(one, [...path, one.name()])),
];

const HELP: CompletedOption = { flag: '--help', description: 'display help for command', value: 'none' };

const toCompleted = (option: Option): CompletedOption => ({
  flag: option.long ?? option.flags,
  description: firstSentence(option.description),
  value: valueOf(option),
});

const valueOf = ({ argChoices, flags, required, optional }: Option): CompletedOption['value'] => {
  if (argChoices !== undefined && argChoices.length > 0) return argChoices;
  if (!required && !optional) return 'none';
  return /<(?:dir|file|path)>/.test(flags) ? 'file' : 'text';
};

const summaryOf = (command: Command): string =>
  command.summary() === '' ? command.description() : command.summary();

/** Short enough for a list, and without what a shell would read as more than text. */
const firstSentence = (text: string): string =>
  (/^.*?(?=[.;:] |[.;:]$|$)/.exec(text)?.[0] ?? text).replaceAll(/[`'"\\$\n]/g, '').slice(0, 78);
