import type { Command } from 'commander';
import { readGrant } from '../../exports/index.ts';
import { readGrantId } from '../../exports/tokens.ts';
import { detailsToJson, describeGrant } from './grant-report.ts';
import { unknownGrant } from '../command/not-found.ts';
import { onDeployment, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';

export const addGrantShow = (grant: Command): void => {
  withCommonOptions(grant.command('show <id>'))
    .description('Shows a grant with its vehicles and its last replay. Never prints a token.')
    .addHelpText('after', '\nExample:\n  $ keyfob grant show 5f0c6a9de01b77a2')
    .action(show);
};

const show = async (id: string, options: CommonOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const grantId = readGrantId(id);
    const details = grantId === undefined ? undefined : await readGrant(context, grantId);
    if (details === undefined) throw unknownGrant(id);
    return { json: detailsToJson(details), text: describeGrant(details) };
  });
