import { delimiter, join } from 'node:path';
import type { Skipped } from '../../support/skipped.ts';
import type { ClientCommand } from './client-program.ts';
import { pathOf, runAll } from './install.ts';

/** The Python libraries, installed in a folder. */
export type PythonClients = {
  /** Starts the program that calls them. */
  readonly clients: ClientCommand;
  /** The environment in which `python3` finds them. */
  readonly environment: Readonly<Record<string, string>>;
};

/** Installs the Python libraries. Returns the reason if Python or its registry cannot be used. */
export const installPython = async (folder: string): Promise<PythonClients | Skipped> => {
  const programs = join(folder, 'venv', 'bin');
  const python = join(programs, 'python3');
  const requirements = pathOf('python/requirements.txt');
  const failed = await runAll(
    [
      ['python3', '-m', 'venv', 'venv'],
      [python, '-m', 'pip', 'install', '--quiet', '--requirement', requirements],
    ],
    folder,
  );
  if (failed !== undefined) return failed;
  const environment = {
    PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
    // requests-oauthlib refuses plain HTTP without this.
    OAUTHLIB_INSECURE_TRANSPORT: '1',
  };
  return {
    environment,
    clients: {
      program: python,
      args: [pathOf('python/clients.py')],
      environment: (url) => ({ ...environment, SMARTCAR_AUTH_ORIGIN: `${url}/oauth/token` }),
    },
  };
};
