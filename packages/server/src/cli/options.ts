import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openDeployment } from '../deployment/open.ts';
import type { Deployment } from '../deployment/open.ts';
import { parseConfig } from '../config.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { print, UsageError } from './output.ts';
import type { Report } from './output.ts';

/** The options every command has that works on a store. */
export type CommonOptions = {
  readonly data?: string;
  readonly store?: string;
  readonly keyFile?: string;
  readonly config?: string;
  readonly json?: boolean;
};

export const withCommonOptions = (command: Command): Command =>
  command
    .option('--data <dir>', 'data directory (default: data, or KEYFOB_DATA)')
    .option(
      '--store <url>',
      'PostgreSQL instead of a file: postgres://HOST/DATABASE (or KEYFOB_STORE, where a password belongs)',
    )
    .option('--key-file <file>', 'key ring (default: keyfob.key in the data directory, or KEYFOB_KEY_FILE)')
    .option('--config <file>', 'settings as a JSON object (or KEYFOB_CONFIG)')
    .option('--json', 'print JSON instead of text');

/** The configuration that flags, environment and file make together. */
export const readConfig = (options: CommonOptions, flags: Readonly<Record<string, unknown>> = {}): Config => {
  const path = options.config ?? process.env['KEYFOB_CONFIG'];
  return parseConfig({
    flags: { data: options.data, store: options.store, keyFile: options.keyFile, ...flags },
    environment: process.env,
    file: path === undefined ? {} : readConfigFile(path),
  });
};

const readConfigFile = (path: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    throw new OperatorError('config_unreadable', `${path}: cannot be read as JSON`, CONFIG_FILE_MEND, {
      cause: error,
    });
  }
  throw new OperatorError('config_unreadable', `${path}: is not a JSON object`, CONFIG_FILE_MEND);
};

const CONFIG_FILE_MEND = 'Name a file that holds one JSON object, such as {"port": 8787}.';

/** Runs a command's work on its store, prints what it reports, and closes the store whatever happens. */
export const onDeployment = async (
  options: CommonOptions,
  work: (deployment: Deployment, config: Config) => Promise<Report>,
  { createIfMissing = false } = {},
): Promise<void> => {
  const config = readConfig(options);
  const deployment = await openDeployment(config, { createIfMissing });
  try {
    print(await work(deployment, config), options.json === true);
  } finally {
    await deployment.close();
  }
};

/** A name for people, in one line of a terminal. */
export const readName = (name: string): string => {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name))
    throw new UsageError('--name must not hold control characters');
  return name;
};

/** Gathers what an option that may be given several times was given. */
export const toList = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];
