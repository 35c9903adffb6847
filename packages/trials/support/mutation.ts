import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A one-line bug that a test plants in the code. */
export type Mutation = {
  readonly name: string;
  /** The end of the path of a source file, from the folder of its package. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly search: string;
  readonly replacement: string;
  /** A seed that finds it. */
  readonly seed: number;
};

const PARAMETER = 'mutation';

/** The modules that are loaded again. */
const OURS = /\/(?:server\/src|keeper\/src|trials\/simulation|trials\/keeper|trials\/support)\//;

/**
 * Imports a module with a planted bug: every module of the program and of the simulation is loaded again, one of them with
 * changed source text. The files and the modules that are already imported stay unchanged. `entry`: the URL of the
 * module.
 */
export const importMutated = async <Module>(mutation: Mutation, entry: string): Promise<Module> => {
  const mark = `${PARAMETER}=${encodeURIComponent(mutation.name)}`;
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const isOurs = OURS.test(resolved.url);
      const isMarked = specifier.includes(mark) || (context.parentURL?.includes(mark) ?? false);
      if (!isOurs || !isMarked || resolved.url.includes(mark)) return resolved;
      return { ...resolved, url: `${resolved.url}?${mark}` };
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.includes(mark) || !url.split('?')[0]?.endsWith(mutation.file)) return loaded;
      const source = String(
        loaded.source instanceof ArrayBuffer ? Buffer.from(loaded.source) : loaded.source,
      );
      return { ...loaded, source: plant(mutation, source) };
    },
  });
  try {
    return (await import(`${entry}?${mark}`)) as Module;
  } finally {
    hooks.deregister();
  }
};

/** Returns the source with the bug. Throws unless the line occurs exactly once. */
export const plant = ({ name, search, replacement }: Mutation, source: string): string => {
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`"${name}": the line occurs ${parts.length - 1} times`);
  return parts.join(replacement);
};

/** Returns the source of the file for a bug. */
export const sourceOf = ({ file }: Mutation): string => {
  const [name = '', ...rest] = file.split('/');
  const root =
    name === 'trials' ? new URL('../', import.meta.url) : import.meta.resolve(`@keyfob/${name}/package.json`);
  const url = new URL(rest.join('/'), root).href;
  return readFileSync(fileURLToPath(url), 'utf8');
};
