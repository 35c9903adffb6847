import { Option } from 'commander';
import type { Command } from 'commander';
import type { GrantState } from '../grants/grant.ts';
import { describeMoment } from '../operations/describe-span.ts';
import { listConnections, STATES } from '../operations/list-connections.ts';
import type { ConnectionPage } from '../operations/list-connections.ts';
import { onStore, readWholeNumber, withCommonOptions } from './options.ts';
import { print, printable } from './output.ts';
import type { CommonOptions } from './output.ts';
import { fitTable } from './table.ts';

type ListOptions = CommonOptions & {
  readonly state?: GrantState;
  readonly client?: string;
  readonly limit: string;
  readonly after?: string;
  readonly revoking?: boolean;
};

const LIMIT_MAX = 1000;

/** `keyfob-keeper ls`: connections by name. */
export const addList = (program: Command): void => {
  withCommonOptions(program.command('ls'))
    .summary('list connections')
    .description('Lists connections by name, one page at a time.')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--client <name>', 'only those of this client')
    .option('--limit <count>', `how many, ${LIMIT_MAX} at most`, '100')
    .option('--after <name>', 'go on after this name')
    .option('--revoking', 'closed ones whose pair must still be revoked at the provider')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper ls --state dead')
    .action(async (options: ListOptions) => {
      const { state, client, after } = options;
      const limit = readWholeNumber('--limit', options.limit, 1, LIMIT_MAX);
      if (options.revoking === true) return printRevocations(options, limit);
      const { page, nowMs } = await onStore(options, async (store) => ({
        page: await listConnections(store, { state, client, after, limit }),
        nowMs: store.nowMs(),
      }));
      await print({ json: page, text: textOf(page, nowMs, options) }, options);
    });
};

/** What waits for the provider, by name. */
const printRevocations = async (options: ListOptions, limit: number): Promise<void> => {
  const { waiting, nowMs } = await onStore(options, async (store) => ({
    waiting: await store.revocations({ limit }),
    nowMs: store.nowMs(),
  }));
  const revocations = waiting.map(({ name, tries, nextAtMs, grant }) => ({
    name,
    client: grant.client,
    closedAtMs: grant.sinceMs,
    tries,
    nextAtMs,
  }));
  const rows = revocations.map((one) => [
    printable(one.name),
    one.client,
    describeMoment(one.closedAtMs, nowMs),
    String(one.tries),
    one.nextAtMs <= nowMs ? 'now' : describeMoment(one.nextAtMs, nowMs),
  ]);
  const table = fitTable(
    [['NAME', 'CLIENT', 'CLOSED', 'TRIES', 'NEXT'], ...rows],
    0,
    options.terminal.output,
  );
  const text = rows.length === 0 ? 'nothing waits to be revoked' : table;
  await print({ json: { revocations }, text }, options);
};

const textOf = (
  { connections, next }: ConnectionPage,
  nowMs: number,
  { terminal, state, client }: ListOptions,
): string => {
  if (connections.length === 0)
    return state === undefined && client === undefined
      ? 'no connections yet: "keyfob-keeper put" and "keyfob-keeper import" bring them'
      : 'no such connections';
  const rows = connections.map((one) => [
    printable(one.name),
    one.client,
    one.cause === undefined ? one.state : `${one.state} (${one.cause})`,
    one.accessExpiresAtMs > nowMs ? describeMoment(one.accessExpiresAtMs, nowMs) : 'ended',
    one.due === undefined ? '-' : one.due.atMs <= nowMs ? 'now' : describeMoment(one.due.atMs, nowMs),
    one.refreshExpiresAtMs === undefined ? '-' : describeMoment(one.refreshExpiresAtMs, nowMs),
  ]);
  const table = fitTable(
    [['NAME', 'CLIENT', 'STATE', 'ACCESS ENDS', 'REFRESH DUE', 'REFRESH ENDS'], ...rows],
    0,
    terminal.output,
  );
  return next === null ? table : `${table}\n\nmore: --after ${JSON.stringify(next)}`;
};
