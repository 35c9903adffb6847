import type { Command } from 'commander';
import { addGrantCreate } from './grant-create.ts';
import { addGrantRevoke } from './grant-revoke.ts';
import { addGrantList } from './grant-list.ts';
import { addGrantShow } from './grant-show.ts';

export const addGrant = (program: Command): void => {
  const grant = program
    .command('grant')
    .summary('create, list, show, revoke and reinstate grants')
    .description('What owners allowed which client. A grant owns all its tokens; no token is stored.');
  addGrantCreate(grant);
  addGrantList(grant);
  addGrantShow(grant);
  addGrantRevoke(grant);
};
