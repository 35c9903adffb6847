import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm ci` empties it, so it is never older than the PostgreSQL beside it. */
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/postgres/', import.meta.url));

/**
 * Creates the files of a cluster, which is not started, at a path that does not exist. A copy of the files of an earlier cluster costs
 * a tenth of `initdb`. All copies have the same system identifier. Answers an error message, or an empty text.
 *
 * @param kind - What the files depend on: one template for each.
 * @param create - Runs `initdb` at the path.
 */
export const createFiles = async (
  data: string,
  kind: string,
  create: () => Promise<string>,
): Promise<string> => {
  const template = join(CACHE, kind);
  if (existsSync(template)) {
    cpSync(template, data, { recursive: true });
    return '';
  }
  const failure = await create();
  if (failure === '') keep(data, template);
  return failure;
};

/** Another test file may keep its own files at the same moment: the first one wins. */
const keep = (data: string, template: string): void => {
  mkdirSync(dirname(template), { recursive: true });
  const own = mkdtempSync(`${template}-`);
  cpSync(data, own, { recursive: true });
  try {
    renameSync(own, template);
  } catch {
    rmSync(own, { recursive: true });
  }
};
