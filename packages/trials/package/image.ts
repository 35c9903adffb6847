import { cpSync, mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runCommand } from '../support/run-command.ts';
import type { Instruction, Stage } from './dockerfile.ts';

/** The result of a stage: a folder that represents the root of its image. */
export type Built = { readonly root: string; readonly workDirectory: string };

/** A command of the Dockerfile failed. */
export class BuildError extends Error {}

/**
 * Runs WORKDIR, COPY and RUN of a stage in an empty folder, with the programs of this machine, because the base image is
 * not under test. Absolute paths are relative to the folder.
 */
export const buildStage = async (
  stage: Stage,
  root: string,
  from: { readonly context: string; readonly stages: ReadonlyMap<string, Built> },
): Promise<Built> => {
  let workDirectory = root;
  const placed = (path: string): string =>
    path.startsWith('/') ? join(root, path) : join(workDirectory, path);
  for (const { word, rest } of stage.instructions) {
    if (word === 'WORKDIR') {
      workDirectory = placed(rest);
      mkdirSync(workDirectory, { recursive: true });
    }
    if (word === 'COPY') copy(rest, placed, from);
    if (word === 'RUN') await run({ word, rest }, root, workDirectory);
  }
  return { root, workDirectory };
};

const copy = (
  rest: string,
  placed: (path: string) => string,
  { context, stages }: { readonly context: string; readonly stages: ReadonlyMap<string, Built> },
): void => {
  const words = rest.split(' ');
  const stage = words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined;
  const source = stage === undefined ? context : stages.get(stage)?.root;
  if (source === undefined) throw new BuildError(`COPY ${rest}: unknown stage`);
  const target = words.pop() ?? '';
  for (const path of words) {
    const options = {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file: string) => stage !== undefined || !/\/(?:node_modules|dist)$/.test(file),
    };
    // A file is copied into the target folder; a folder becomes the target folder.
    const isInto = target.endsWith('/') && !statSync(join(source, path)).isDirectory();
    const to = placed(isInto ? join(target, basename(path)) : target);
    mkdirSync(join(to, '..'), { recursive: true });
    cpSync(join(source, path), to, options);
  }
};

const run = async ({ rest }: Instruction, root: string, cwd: string): Promise<void> => {
  const command = rest.replaceAll(/(?<= )\/(?=\w)/g, `${root}/`);
  const ended = await runCommand('sh', ['-c', command], { cwd });
  if (ended.code !== 0) throw new BuildError(`RUN ${rest}: ${ended.stdout}\n${ended.stderr}`);
};
