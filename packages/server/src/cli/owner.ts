import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exportConsents, holdsSecret, nameConsents, recordAudit } from '../exports/index.ts';
import type { ConsentExport, Deployment, OperationContext } from '../exports/index.ts';
import { OperatorError } from '../exports/errors.ts';
import { toFileError } from '../exports/stores.ts';
import { onDeployment, readConfig, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { osOperator } from './command/os-user.ts';
import { UsageError } from './command/output.ts';
import { createProgressBar } from './command/progress.ts';
import { REASON_OPTION } from './command/reason-option.ts';

type ExportOptions = CommonOptions & {
  readonly out: string;
  readonly force?: boolean;
  readonly reason?: string;
};

export const addOwner = (program: Command): void => {
  const owner = program
    .command('owner')
    .summary('write what a vehicle owner agreed to into a file')
    .description('Vehicle owners, by the identifier that the platform has for them.');
  withCommonOptions(owner.command('export <owner>'))
    .description(
      'Writes the records of every consent of an owner into a JSON file: to which client, for what, for which purpose, since when, ' +
        'what was changed, when it ended and by whom, and when the client used it, as far as that is kept. Nobody else can read the file.',
    )
    .requiredOption('--out <file>', 'where to')
    .option('--force', 'replace the file if it exists')
    .option(...REASON_OPTION)
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob owner export owner-1 --out owner-1.json --reason "asked by mail"',
    )
    .action(exportOwner);
};

const exportOwner = async (subject: string, options: ExportOptions): Promise<void> =>
  onDeployment(options, async (context, deployment) => {
    const file = resolve(options.out);
    if (existsSync(file) && options.force !== true)
      throw new OperatorError(
        'file_exists',
        `${file}: the file exists`,
        'Use another file, or pass --force.',
      );
    await noteExport(deployment, subject, options);
    const bar = createProgressBar(options.terminal.errors, 'consents');
    const { grantEventDays } = readConfig(options);
    const consents = await writeRecords(file, context, { subject, grantEventDays }, (written) =>
      bar.showShare(undefined, written),
    ).finally(bar.end);
    return {
      json: { file, consents },
      text: `wrote ${consents === 1 ? '1 consent' : `${consents} consents`} to ${file}`,
    };
  });

/** An entry of the audit log before anything is read. Throws `OperatorError` where nothing of the owner is kept. */
const noteExport = async (
  deployment: Deployment,
  subject: string,
  { reason = '', terminal: { environment } }: ExportOptions,
): Promise<void> => {
  if (await holdsSecret(deployment, reason))
    throw new UsageError('--reason contains a token, a key or a secret: it would be stored');
  const grants = await nameConsents(deployment, subject);
  const audited = {
    operator: osOperator(environment),
    action: 'owner.export',
    target: '',
    reason,
    requestId: '',
    details: { grants },
  };
  if (grants.length === 0) {
    const remedy = 'List grants with "keyfob grant list"; "keyfob prune" removes those that ended long ago.';
    throw new OperatorError('owner_unknown', `no consent of ${subject} is kept`, remedy);
  }
  await recordAudit(deployment, audited, 'seen');
};

/** The file is there when it is whole. Answers how many consents it has. Throws `OperatorError`. */
const writeRecords = async (
  file: string,
  context: OperationContext,
  wanted: ConsentExport,
  onRecord: (written: number) => void,
): Promise<number> => {
  const partial = `${file}.${process.pid}.partial`;
  let consents = 0;
  let handle: FileHandle | undefined;
  try {
    handle = await open(partial, 'wx', 0o600);
    const count = (written: number): void => {
      consents = written;
      onRecord(written);
    };
    for await (const part of exportConsents(context, wanted, count)) await handle.write(part);
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    return consents;
  } catch (error) {
    await handle?.close().catch(() => {});
    if (handle !== undefined) await rm(partial, { force: true });
    throw toFileError(error, file);
  }
};
