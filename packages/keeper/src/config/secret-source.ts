import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { KeeperError } from '../errors.ts';

/** Where a secret is read from. It never stands in the settings file, and never on a command line. */
export type SecretSource = { readonly env: string } | { readonly file: string };

const REFUSED =
  'must be { "env": "NAME" } or { "file": "PATH" }: secrets do not stand in this file, because it is copied and committed';

/** `{ "env": "NAME" }` or `{ "file": "PATH" }`. */
export const SECRET_SOURCE = v.union(
  [
    v.strictObject({ env: v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/)) }),
    v.strictObject({ file: v.pipe(v.string(), v.nonEmpty()) }),
  ],
  REFUSED,
);

/** Where sources are looked up. */
export type SecretPlace = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Paths are relative to this directory. */
  readonly directory: string;
};

/** The secret of a source, without the line break at its end. Throws `KeeperError` that names the variable or the file. */
export const readSecret = (
  source: SecretSource,
  what: string,
  { environment, directory }: SecretPlace,
): string => {
  if ('env' in source) {
    const value = environment[source.env]?.trim() ?? '';
    if (value !== '') return value;
    throw new KeeperError(
      'secret_missing',
      `${what}: the environment variable ${source.env} is not set`,
      `Set ${source.env}, or name another variable or a file in the settings.`,
    );
  }
  const path = resolve(directory, source.file);
  const value = readSecretFile(path, what);
  if (value !== '') return value;
  throw new KeeperError('secret_missing', `${what}: ${path} is empty`, 'Write the secret into it.');
};

const readSecretFile = (path: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new KeeperError(
      'secret_missing',
      `${what}: ${path} cannot be read (${code})`,
      'Write the secret into this file, readable by this user only, or name another one.',
      { cause: error },
    );
  }
};
