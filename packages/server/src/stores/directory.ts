import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { onFile } from './file-errors.ts';

/** The nearest of a path and its parents that exists. */
export const nearestExisting = (path: string): string => {
  let nearest = resolve(path);
  while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
  return nearest;
};

/**
 * Creates a directory, mode 0700, and its missing parents. One by one, because Node's own recursive function never
 * returns where the file system denies that the parent exists, as below `/proc`.
 */
export const makeDirectory = (path: string): void => {
  const missing: string[] = [];
  for (let at = resolve(path); at !== nearestExisting(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) onFile(directory, () => mkdirSync(directory, { mode: 0o700 }));
};
