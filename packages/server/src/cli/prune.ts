import type { Command } from 'commander';
import type { GrantId } from '../tokens/grant-id.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { UsageError } from './output.ts';
import { createProgressBar } from './progress.ts';

const PAGE = 1000;
const DAY_MS = 86_400_000;

export const addPrune = (program: Command): void => {
  withCommonOptions(program.command('prune'))
    .summary('remove grants that ended long ago')
    .description('Removes grants that expired or were revoked long ago, a thousand at a time, while serving.')
    .option(
      '--older-than-days <days>',
      'ended at least this many days ago; they can no longer be reinstated',
      '90',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob prune --older-than-days 365')
    .action(async (options: CommonOptions & { readonly olderThanDays: string }) => {
      if (!/^[0-9]{1,5}$/.test(options.olderThanDays))
        throw new UsageError('--older-than-days must be a whole number');
      const endedBeforeMs = Date.now() - Number(options.olderThanDays) * DAY_MS;
      await onDeployment(options, async ({ store }) => {
        const bar = createProgressBar('grants');
        const total = await store.countGrants();
        let [pruned, seen] = [0, 0];
        let after: GrantId | undefined;
        do {
          const page = await store.prune({ after, limit: PAGE, endedBeforeMs });
          pruned += page.pruned;
          seen = Math.min(seen + PAGE, total);
          after = page.next;
          bar.show(seen, total);
        } while (after !== undefined);
        bar.end();
        return { json: { pruned }, text: `removed ${pruned} of ${total} grants` };
      });
    });
};
