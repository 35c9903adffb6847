import { Option } from 'commander';
import type { Command } from 'commander';
import { readTroubles, TROUBLE_KINDS } from '../exports/index.ts';
import type { TroubleKind, Troubles } from '../exports/index.ts';
import { moreHint } from './command/more-hint.ts';
import { unknownClient } from './command/not-found.ts';
import { onDeployment, readWholeNumber, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { alignColumns, writeTime } from './command/output.ts';
import { readSince, SINCE } from './command/since.ts';

type TroublesOptions = CommonOptions & {
  readonly kind?: TroubleKind;
  readonly client?: string;
  readonly since: string;
  readonly limit: string;
};

const LIST_MAX = 1000;

export const addTroubles = (program: Command): void => {
  withCommonOptions(program.command('troubles'))
    .summary('count refusals and replays over time, by cause and client')
    .description(
      'Counts what the servers on the store refused, and which tokens were replayed, by cause and client, the most first. ' +
        'Counts are kept by hour for 48 hours and by day of UTC for 30 days; a server adds its own every 15 seconds.',
    )
    .addOption(new Option('--kind <kind>', 'only these').choices(TROUBLE_KINDS))
    .option('--client <id>', 'only of one client')
    .option(
      '--since <when>',
      `from the hour of this moment on, or from its day beyond 48 hours: ${SINCE}`,
      '24h',
    )
    .option('--limit <number>', `at most this many (up to ${LIST_MAX})`, '50')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob troubles
  $ keyfob troubles --kind replays --since 30d
  $ keyfob troubles --client ID --since 2h --json`,
    )
    .action(list);
};

const list = async (options: TroublesOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const { kind, client: clientId, since } = options;
    const limit = readWholeNumber('--limit', options.limit, { least: 1, most: LIST_MAX });
    const from = { sinceMs: readSince(since, context.clock()) };
    if (clientId !== undefined && (await context.store.readClient(clientId)).client === undefined)
      throw unknownClient(clientId);
    const found = await readTroubles(context, { kind, clientId, from, limit });
    return { json: toJson(found), text: describe(found, options) };
  });

/** Counts for programs. `parts`: one count per part of the time, oldest first. */
const toJson = ({ groups, isMore, fromMs, partMs }: Troubles) => ({
  from: writeTime(fromMs),
  partSeconds: partMs / 1000,
  troubles: groups.map(({ event, reason, clientId, clientName, count, lastAtMs, parts }) => ({
    event,
    reason: reason === '' ? null : reason,
    clientId: clientId === '' ? null : clientId,
    clientName: clientName === '' ? null : clientName,
    count,
    lastAt: writeTime(lastAtMs),
    parts,
  })),
  isPartial: isMore,
});

const HOUR_MS = 3_600_000;

const describe = (
  { groups, isMore, fromMs, partMs }: Troubles,
  { kind, client, since, limit, ...options }: TroublesOptions,
): string => {
  const from = writeTime(fromMs);
  if (groups.length === 0) return `no ${kind ?? 'refusals and no replays'} since ${from}`;
  const rows = groups.map((group) => [
    String(group.count),
    draw(group.parts),
    writeTime(group.lastAtMs),
    group.event,
    group.reason === '' ? '-' : group.reason,
    group.clientId === '' ? '-' : group.clientId,
    group.clientName,
  ]);
  const each = partMs === HOUR_MS ? 'BY HOUR' : 'BY DAY';
  const table = alignColumns([
    ['COUNT', each, 'LAST', 'EVENT', 'REASON', 'CLIENT ID', 'CLIENT NAME'],
    ...rows,
  ]);
  const text = `since ${from}\n\n${table}`;
  if (!isMore) return text;
  const more = String(Math.min(Number(limit) * 2, LIST_MAX));
  const filters = { '--kind': kind, '--client': client, '--since': since, '--limit': more };
  return Number(limit) === LIST_MAX ? text : `${text}\n\n${moreHint('troubles', options, filters)}`;
};

const BARS = '▁▂▃▄▅▆▇█';

/** A bar per part: a dot for none, the highest for the most. */
const draw = (parts: readonly number[]): string => {
  const most = Math.max(...parts);
  return parts
    .map((count) => (count === 0 ? '·' : (BARS[Math.ceil((count / most) * BARS.length) - 1] ?? '')))
    .join('');
};
