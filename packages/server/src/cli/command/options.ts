import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openDeployment, optionOf, parseConfig } from '../../exports/index.ts';
import type { Config, Deployment, OperationContext } from '../../exports/index.ts';
import { OperatorError, faultInEnglish } from '../../exports/errors.ts';
import type { Fault } from '../../exports/errors.ts';
import { readGrantId } from '../../exports/tokens.ts';
import type { GrantId } from '../../exports/tokens.ts';
import { auditCommand } from './audited-command.ts';
import { print, UsageError } from './output.ts';
import type { Report } from './output.ts';
import type { CommandTerminal } from './terminal.ts';

/** The options of every command that works on a store. */
export type CommonOptions = {
  readonly data?: string;
  readonly store?: string;
  readonly keyFile?: string;
  readonly scopesFile?: string;
  readonly config?: string;
  readonly json?: boolean;
  /** No option of a person: `runCommand` sets it. */
  readonly terminal: CommandTerminal;
};

export const withCommonOptions = (command: Command): Command =>
  command
    .option(...optionOf('data'))
    .option(...optionOf('store'))
    .option(...optionOf('keyFile'))
    .option(...optionOf('scopesFile'))
    .option('--config <file>', 'settings as a JSON object (or KEYFOB_CONFIG)')
    .option('--json', 'print JSON instead of text');

/** The configuration from flags, environment and file together. Throws `OperatorError`. */
export const readConfig = (options: CommonOptions, flags: Readonly<Record<string, unknown>> = {}): Config => {
  const path = options.config ?? options.terminal.environment['KEYFOB_CONFIG'];
  return parseConfig({
    flags: {
      data: options.data,
      store: options.store,
      keyFile: options.keyFile,
      scopesFile: options.scopesFile,
      ...flags,
    },
    environment: options.terminal.environment,
    file: path === undefined ? {} : readConfigFile(path),
  });
};

const readConfigFile = (path: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    throw new OperatorError('config_unreadable', `${path}: cannot be read as JSON`, CONFIG_FILE_REMEDY, {
      cause: error,
    });
  }
  throw new OperatorError('config_unreadable', `${path}: not a JSON object`, CONFIG_FILE_REMEDY);
};

const CONFIG_FILE_REMEDY = 'Use a file that holds one JSON object, such as {"port": 8787}.';

/** What a command needs of its deployment. `flags` are settings that the command has options for, besides the common ones. */
type DeploymentNeeds = {
  readonly createIfMissing?: boolean;
  readonly flags?: Readonly<Record<string, unknown>>;
};

/** Opens the store, runs a command on it with the id of what it makes, if it makes anything, prints the report, and closes the store in any case. */
export const onDeployment = async (
  options: CommonOptions,
  work: (context: OperationContext, deployment: Deployment, newId: string | undefined) => Promise<Report>,
  { createIfMissing = false, flags = {} }: DeploymentNeeds = {},
): Promise<void> => {
  const deployment = await openDeployment(readConfig(options, flags), { createIfMissing });
  try {
    const report = await auditCommand(deployment, options.terminal, (newId) =>
      work(toContext(deployment), deployment, newId),
    );
    await print(report, options);
  } finally {
    await deployment.close();
  }
};

/** What operations work with. The command prints what they answer, so their log events are dropped. */
const toContext = ({
  store,
  dialects,
  scopes,
  keyRing,
  issuer,
  clock,
  doubt,
  randomness,
  egress,
}: Deployment): OperationContext => ({
  store,
  dialects,
  scopes,
  keyRing,
  issuer,
  clock,
  doubt,
  randomness,
  egress,
  emit: () => {},
});

/** Checks a name for people: it must fit in one line of a terminal. */
export const readName = (name: string): string => {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name))
    throw new UsageError('--name must not contain control characters');
  return name;
};

/** Parses an option that must be a whole number from `least` to `most`. */
export const readWholeNumber = (
  flag: string,
  text: string,
  { least, most = 999_999_999 }: { readonly least: number; readonly most?: number },
): number => {
  const number = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && number >= least && number <= most) return number;
  const bounds = most < 999_999_999 ? `from ${least} to ${most}` : `of at least ${least}`;
  throw new UsageError(`${flag} must be a whole number ${bounds}`);
};

/** Parses an option that must be the id of a grant. */
export const parseGrantId = (text: string): GrantId => {
  const id = readGrantId(text);
  if (id === undefined) throw new UsageError(`${text} is not a grant id, which has 16 hexadecimal digits`);
  return id;
};

/** Parses an option that must be a VIN. Letters may be small. */
export const readVin = (text: string): string => {
  const vin = text.toUpperCase();
  if (/^[A-HJ-NPR-Z0-9]{17}$/.test(vin)) return vin;
  throw new UsageError(`${text} is not a VIN, which has 17 letters and digits without I, O and Q`);
};

/** Collects the values of an option that may be repeated. */
export const toList = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
];

/** The flag of a field: `overlapSeconds` is set by `--overlap-seconds`. */
export const toFlag = (field: string): string =>
  `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** A fault of an operation as a usage error, with fields named by their flags. */
export const toUsageError = (faults: readonly Fault[], fields: readonly string[]): UsageError =>
  new UsageError(
    faults
      .map((fault) =>
        faultInEnglish(fault).replace(/(?<!\S)[a-zA-Z]+(?![^\s,;:])/g, (word) =>
          fields.includes(word) ? toFlag(word) : word,
        ),
      )
      .join('; '),
  );
