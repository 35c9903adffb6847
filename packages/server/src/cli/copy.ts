import type { Command } from 'commander';
import { copyDeployment, parseStoreAddress, resumeDeployment } from '../deployment/copy.ts';
import type { CopyPhase, DeploymentCopied, StoreAddress } from '../deployment/copy.ts';
import { readConfig } from './options.ts';
import type { CommonOptions } from './options.ts';
import { print, UsageError } from './output.ts';
import type { Report } from './output.ts';
import { createProgressBar } from './progress.ts';

type CopyOptions = Pick<CommonOptions, 'keyFile' | 'config' | 'json'> & {
  readonly from: string;
  readonly to?: string;
  readonly switch: boolean;
  readonly resumeSource?: boolean;
};

export const addCopy = (program: Command): void => {
  program
    .command('copy')
    .summary('move to another store, while serving')
    .description(
      'Copies a store into an empty one, page by page, while servers serve from it. At the end it has the store moved: servers ' +
        'on it answer 503 with Retry-After from then on, a last pass carries over what has changed, and every row of both is ' +
        'compared. Point the servers to the new store then; clients go on with the tokens they hold. Interrupted anywhere, ' +
        'the same command goes on. Keys are checked, not copied: the new servers need the same key ring.',
    )
    .requiredOption('--from <store>', 'sqlite:DIRECTORY or postgres://HOST/DATABASE')
    .option('--to <store>', 'an empty one, likewise')
    .option('--no-switch', 'only prepare: the source serves on, and a later run has less to do')
    .option('--resume-source', 'the move is called off: let the source serve again')
    .option('--key-file <file>', 'key ring (default: keyfob.key beside a SQLite store, or KEYFOB_KEY_FILE)')
    .option('--config <file>', 'settings as a JSON object (or KEYFOB_CONFIG)')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      `
A password belongs into PGPASSWORD or ~/.pgpass, not into the address.

Examples:
  $ keyfob copy --from sqlite:/var/lib/keyfob --to postgres://keyfob@db/keyfob --no-switch
  $ keyfob copy --from sqlite:/var/lib/keyfob --to postgres://keyfob@db/keyfob
  $ keyfob copy --from sqlite:/var/lib/keyfob --resume-source`,
    )
    .action(async (options: CopyOptions) => {
      const from = readAddress(options.from, '--from');
      const report = await (options.resumeSource === true ? resume(from) : copy(from, options));
      print(report, options.json === true);
    });
};

const copy = async (from: StoreAddress, options: CopyOptions): Promise<Report> => {
  if (options.to === undefined) throw new UsageError('--to is missing');
  const to = readAddress(options.to, '--to');
  const progress = createPhases();
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

const resume = async (address: StoreAddress): Promise<Report> => {
  const { from, movedTo } = await resumeDeployment(address);
  const lines = [
    `${from} serves again, as it was when it moved to ${movedTo}`,
    'What was done at the other store since is not in it: see that no server uses that one, and empty it before the next copy.',
  ];
  return { json: { from, movedTo, outcome: 'resumed' }, text: lines.join('\n') };
};

const readAddress = (text: string, option: string): StoreAddress => {
  const address = parseStoreAddress(text);
  if (address === undefined) throw new UsageError(`${option} must be sqlite:DIRECTORY or postgres://...`);
  return address;
};

/** One bar for each phase. */
const createPhases = () => {
  let phase: CopyPhase | undefined;
  let bar = createProgressBar('');
  return {
    show(now: CopyPhase, done: number, total: number): void {
      if (now !== phase) {
        bar.end();
        bar = createProgressBar(`rows, ${now}`);
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
  if (outcome === 'moved_before') return `${from} has moved to ${to} before: nothing was done`;
  const { clients = 0, grants = 0 } = rows;
  if (outcome === 'prepared') {
    return [
      `${to} holds ${clients} clients and ${grants} grants of ${from}, which serves on`,
      'Run it without --no-switch to move. No server starts on the copy before that.',
    ].join('\n');
  }
  return [
    `moved ${from} to ${to}: ${clients} clients, ${grants} grants`,
    `checked: the same counts in every table, every row compared, ${changedInLastPass} of them carried over in the last pass`,
    `${from} has served nothing for the last ${(switchMs / 1000).toFixed(1)} s, and will not again`,
    `Now start the servers on ${to}, with the key ring of ${keyRing}. Clients go on with the tokens they hold.`,
  ].join('\n');
};
