import type { Command } from 'commander';
import { copyDeployment, parseStoreAddress, resumeDeployment } from '../../exports/maintenance.ts';
import type { CopyPhase, DeploymentCopied, StoreAddress } from '../../exports/maintenance.ts';
import { nameOfAddress, noteMaintenance } from './audited-maintenance.ts';
import { readConfig } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { print, UsageError } from '../command/output.ts';
import type { Report } from '../command/output.ts';
import { createProgressBar } from '../command/progress.ts';
import type { TerminalStream } from '../command/terminal.ts';
import { REASON_OPTION } from '../command/reason-option.ts';

type CopyOptions = Pick<CommonOptions, 'keyFile' | 'config' | 'json' | 'terminal'> & {
  readonly from: string;
  readonly to?: string;
  readonly switch: boolean;
  readonly resumeSource?: boolean;
  readonly reason?: string;
};

export const addCopy = (program: Command): void => {
  program
    .command('copy')
    .summary('move to another store while servers run')
    .description(
      'Copies a store into an empty one, page by page, while servers run on it. At the end it switches: servers on the old ' +
        'store answer 503 with Retry-After from then on, a last pass copies what has changed, and every row of both stores is ' +
        'compared. Then start the servers on the new store; clients keep using their tokens. If it is interrupted, run the ' +
        'same command again to continue. Keys are checked, not copied: the new servers need the same key ring.',
    )
    .requiredOption('--from <store>', 'sqlite:DIRECTORY or postgres://HOST/DATABASE')
    .option('--to <store>', 'an empty store, in the same form')
    .option('--no-switch', 'only prepare: the source keeps serving, and a later run has less to do')
    .option('--resume-source', 'cancel the move: let the source serve again')
    .option(...REASON_OPTION)
    .option('--key-file <file>', 'key ring (default: keyfob.key beside a SQLite store, or KEYFOB_KEY_FILE)')
    .option('--config <file>', 'settings as a JSON object (or KEYFOB_CONFIG)')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      `
Put a password into PGPASSWORD or ~/.pgpass, not into the address.

Examples:
  $ keyfob copy --from sqlite:/var/lib/keyfob \\
      --to postgres://keyfob@db/keyfob --no-switch
  $ keyfob copy --from sqlite:/var/lib/keyfob --to postgres://keyfob@db/keyfob
  $ keyfob copy --from sqlite:/var/lib/keyfob --resume-source`,
    )
    .action(async (options: CopyOptions) => {
      const from = readAddress(options.from, '--from');
      const report = await (options.resumeSource === true ? resume(from, options) : copy(from, options));
      await print(report, options);
    });
};

const copy = async (from: StoreAddress, options: CopyOptions): Promise<Report> => {
  if (options.to === undefined) throw new UsageError('--to is missing');
  const to = readAddress(options.to, '--to');
  await noteMaintenance(from, options.terminal, {
    action: 'store.copy',
    reason: options.reason,
    details: { to: nameOfAddress(to), isSwitching: options.switch },
  });
  const progress = createPhases(options.terminal.errors);
  try {
    const copied = await copyDeployment(readConfig(options), from, to, {
      isSwitching: options.switch,
      onProgress: progress.show,
    });
    return { json: copied, text: describe(copied) };
  } finally {
    progress.end();
  }
};

const resume = async (address: StoreAddress, { terminal, reason }: CopyOptions): Promise<Report> => {
  const { from, movedTo } = await resumeDeployment(address);
  await noteMaintenance(address, terminal, { action: 'store.resume', reason, details: { movedTo } });
  const lines = [
    `${from} serves again, in the state of its move to ${movedTo}`,
    'It lacks what happened at the other store since then. Make sure that no server uses the other store, and empty it before the next copy.',
  ];
  return { json: { from, movedTo, outcome: 'resumed' }, text: lines.join('\n') };
};

const readAddress = (text: string, option: string): StoreAddress => {
  const address = parseStoreAddress(text);
  if (address === undefined) throw new UsageError(`${option} must be sqlite:DIRECTORY or postgres://...`);
  return address;
};

/** One progress bar per phase. */
const createPhases = (errors: TerminalStream) => {
  let phase: CopyPhase | undefined;
  let bar = createProgressBar(errors, '');
  return {
    show(now: CopyPhase, done: number, total: number): void {
      if (now !== phase) {
        bar.end();
        bar = createProgressBar(errors, `rows, ${now}`);
        phase = now;
      }
      bar.show(done, total);
    },
    end: () => bar.end(),
  };
};

const describe = ({
  outcome,
  from,
  to,
  rows,
  changedInLastPass,
  switchMs,
  keyRing,
}: DeploymentCopied): string => {
  if (outcome === 'moved_before') return `${from} was moved to ${to} before: nothing to do`;
  const { clients = 0, grants = 0 } = rows;
  if (outcome === 'prepared') {
    return [
      `${to} holds ${clients} clients and ${grants} grants of ${from}, which keeps serving`,
      'Run the command without --no-switch to move. No server starts on the copy before that.',
    ].join('\n');
  }
  return [
    `moved ${from} to ${to}: ${clients} clients, ${grants} grants`,
    `checked: equal counts in every table, every row compared, ${changedInLastPass} rows copied in the last pass`,
    `${from} stopped serving ${(switchMs / 1000).toFixed(1)} s ago`,
    `Now start the servers on ${to}, with the key ring ${keyRing}. Clients keep using their tokens.`,
  ].join('\n');
};
