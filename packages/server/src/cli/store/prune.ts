import type { Command } from 'commander';
import { pruneGrantEvents, pruneGrants } from '../../exports/index.ts';
import { onDeployment, readConfig, readWholeNumber, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { createProgressBar } from '../command/progress.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 99_999;

type PruneOptions = CommonOptions & {
  readonly olderThanDays?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
};

export const addPrune = (program: Command): void => {
  withCommonOptions(program.command('prune'))
    .summary('remove grants that ended long ago, and old grant events')
    .description(
      'Removes grants that expired or were revoked long ago, and grant events older than the setting grantEventDays, which servers ' +
        'remove by themselves too. Servers may keep running: it works in steps of a thousand.',
    )
    .option(
      '--older-than-days <days>',
      'days since the grant ended; a removed grant cannot be reinstated, and the record of its consent is gone (default: the setting endedGrantDays, 90)',
    )
    .option('--dry-run', 'count what would be removed, and remove nothing')
    .option('--force', 'insist where the clock contradicts the store; check the clock first')
    .addHelpText('after', '\nExamples:\n  $ keyfob prune --dry-run\n  $ keyfob prune --older-than-days 365')
    .action(async (options: PruneOptions) => {
      const { grantEventDays, endedGrantDays } = readConfig(options);
      const days = readWholeNumber('--older-than-days', options.olderThanDays ?? String(endedGrantDays), {
        least: 0,
        most: DAYS_MAX,
      });
      const isDryRun = options.dryRun === true;
      await onDeployment(options, async (_context, deployment) => {
        const bar = createProgressBar(options.terminal.errors, 'grants');
        const { pruned, total } = await pruneGrants(deployment, {
          olderThanMs: days * DAY_MS,
          isForced: options.force === true,
          isDryRun,
          onProgress: bar.show,
        });
        bar.end();
        const grantEvents = await pruneGrantEvents(deployment, { grantEventDays, isDryRun });
        const done = isDryRun ? 'would remove' : 'removed';
        return {
          json: { pruned, grantEvents, dryRun: isDryRun },
          text: `${done} ${pruned} of ${total} grants, and ${grantEvents} grant events`,
        };
      });
    });
};
