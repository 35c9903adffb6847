import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runCommand } from '../../support/run-command.ts';
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

/** Programs of the community for the APIs of makers. */
export type InstalledMakers = {
  /** The Python that has them. */
  readonly program: string;
  /** Why it cannot run some of them, by name. */
  readonly skips: Readonly<Record<string, string>>;
};

/** Whether a command is a Python of 3.12 or newer. */
const isNewPython = async (command: string): Promise<boolean> =>
  (await runCommand(command, ['-c', 'import sys; sys.exit(sys.version_info < (3, 12))'])).code === 0;

/** A Python of 3.12 or newer where there is one, because some programs need it. */
const findNewPython = async (): Promise<string> => {
  const managed = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  const candidates = ['python3', 'python3.13', 'python3.12'];
  for (const candidate of [...candidates, ...globSync(`${managed}/3.1[2-9].*/bin/python3`)])
    if (await isNewPython(candidate)) return candidate;
  return 'python3';
};

/** Installs programs of the community for the APIs of makers. Returns the reason if Python or its registry cannot be used. */
export const installMakers = async (folder: string): Promise<InstalledMakers | Skipped> => {
  const python = await findNewPython();
  const program = join(folder, 'venv', 'bin', 'python3');
  const requirements = pathOf('python/maker-requirements.txt');
  const failed = await runAll(
    [
      [python, '-m', 'venv', 'venv'],
      [program, '-m', 'pip', 'install', '--quiet', '--requirement', requirements],
    ],
    folder,
  );
  if (failed !== undefined) return failed;
  const isNew = await isNewPython(program);
  return { program, skips: isNew ? {} : { volvocarsapi: 'it needs Python 3.12 or newer' } };
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
