import { readFileSync } from 'node:fs';

/** One instruction: its keyword and the rest of the line. */
export type Instruction = { readonly word: string; readonly rest: string };

/** A stage: the instructions between one FROM and the next. */
export type Stage = {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
};

/** Reads the stages of a Dockerfile in order. Does not support line continuations and heredocs, which ours does not use. */
export const readDockerfile = (path: string): readonly Stage[] => {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(?<word>[A-Z]+) (?<rest>.+)$/.exec(line) ?? [];
    if (word === 'FROM') {
      const [image = '', , name] = rest.split(/ +/);
      stages.push({ image, name, instructions: [] });
    } else stages.at(-1)?.instructions.push({ word, rest });
  }
  return stages;
};

/** The rest of the last instruction with this keyword; `''` if there is none. */
export const lastOf = ({ instructions }: Stage, word: string): string =>
  instructions.findLast((one) => one.word === word)?.rest ?? '';

/** The variables of every ENV. */
export const environmentOf = ({ instructions }: Stage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    instructions
      .filter(({ word }) => word === 'ENV')
      .flatMap(({ rest }) => rest.split(' '))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
