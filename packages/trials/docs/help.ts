import assert from 'node:assert/strict';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { Ended } from '../support/keyfob-process.ts';

/** The help of one command: its words after `keyfob`, and the text that it prints. */
export type CommandHelp = { readonly words: readonly string[]; readonly text: string };

/** The names of the subcommands that a help text lists. */
const subcommandsOf = (text: string): readonly string[] => {
  const [, list = ''] = /^Commands:\n((?: .*\n)+)/m.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].flatMap(([, name = '']) =>
    name === 'help' ? [] : [name],
  );
};

/** Runs a command of a program in this process. */
type Run = (words: readonly string[]) => Promise<Ended>;

/** The help of a command and of all commands below it. */
export const readHelp = async (
  words: readonly string[],
  run: Run = runKeyfob,
): Promise<readonly CommandHelp[]> => {
  const { code, stdout, stderr } = await run([...words, '--help']);
  assert.equal(code, 0, stderr);
  const below = await Promise.all(subcommandsOf(stdout).map((name) => readHelp([...words, name], run)));
  return [{ words, text: stdout.trimEnd() }, ...below.flat()];
};

/** Whether a command does something itself. */
export const isLeaf = ({ text }: CommandHelp): boolean => subcommandsOf(text).length === 0;

/** The options that a help text lists, by their long name. */
export const readOptions = (text: string): ReadonlyMap<string, string> => {
  const [, list = ''] = /^Options:\n((?: .*\n)+)/m.exec(`${text}\n`) ?? [];
  const lines = list.replace(/\n {4,}(?!-)/g, ' ');
  return new Map(
    [...lines.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)(?: [<[][^>\]]+[>\]])? {2,}(.+)$/gm)].map(
      ([, name = '', effect = '']) => [name, effect],
    ),
  );
};
