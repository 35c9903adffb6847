import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import { pathOf, runAll } from './install.ts';
import type { Installed } from './install.ts';

/** requests-oauthlib refuses plain HTTP without this. */
const OVER_HTTP = { OAUTHLIB_INSECURE_TRANSPORT: '1' };

/** Installs the Python libraries into a folder. Returns the reason if Python or its registry cannot be used. */
export const installPython = async (folder: string): Promise<Installed | Skipped> => {
  const python = join(folder, 'venv', 'bin', 'python');
  const failed = await runAll(
    [
      ['python3', '-m', 'venv', 'venv'],
      [python, '-m', 'pip', 'install', '--quiet', '--requirement', pathOf('python/requirements.txt')],
    ],
    folder,
  );
  if (failed !== undefined) return failed;
  return {
    environment: OVER_HTTP,
    clients: {
      program: python,
      args: [pathOf('python/clients.py')],
      environment: (url) => ({ ...OVER_HTTP, SMARTCAR_AUTH_ORIGIN: `${url}/oauth/token` }),
    },
    async prepare(text) {
      const path = join(folder, `${randomUUID()}.py`);
      writeFileSync(path, text);
      return [python, path];
    },
  };
};
