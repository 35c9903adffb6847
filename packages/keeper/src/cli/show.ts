import type { Command } from 'commander';
import { KeeperError } from '../errors.ts';
import { describeMoment } from '../operations/describe-span.ts';
import { showConnection } from '../operations/show-connection.ts';
import type { ShownConnection } from '../operations/show-connection.ts';
import type { Revocation } from '../stores/revocations.ts';
import { onStore, readWholeNumber, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';
import type { Millis } from '../time.ts';
import { alignColumns, wrapText } from './table.ts';
import { widthOf } from './terminal.ts';

/** `keyfob-keeper show NAME`: one connection, why it is as it is, and its last refreshes. */
export const addShow = (program: Command): void => {
  withCommonOptions(program.command('show <name>'))
    .summary('show a connection: why it is as it is, and its last refreshes')
    .description('Shows a connection, its state in one sentence, and its last refreshes. No token is shown.')
    .option('--attempts <count>', 'how many of the last refreshes', '10')
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper show vin:KMH123')
    .action(async (name: string, options: CommonOptions & { readonly attempts: string }) => {
      const attemptsMax = readWholeNumber('--attempts', options.attempts, 0, 1000);
      const { shown, waits, nowMs } = await onStore(options, async (store) => ({
        shown: await showConnection(store, name, attemptsMax),
        waits: (await store.revocations({ name, limit: 1 })).at(0),
        nowMs: store.nowMs(),
      }));
      if (shown === undefined && waits !== undefined) return printClosed(waits, nowMs, options);
      if (shown === undefined) throw unknownConnection(name);
      await print({ json: shown, text: textOf(shown, widthOf(options.terminal.output)) }, options);
    });
};

/** The failure of a name that is not kept. */
export const unknownConnection = (name: string): KeeperError =>
  new KeeperError('connection_unknown', `There is no connection ${name}`, 'See "keyfob-keeper ls".');

/** A name that was closed, and whose pair must still be revoked at the provider. */
const printClosed = (
  { name, grant, tries, nextAtMs }: Revocation,
  nowMs: Millis,
  options: CommonOptions,
): Promise<void> => {
  const json = {
    name,
    client: grant.client,
    state: grant.state,
    sinceMs: grant.sinceMs,
    revocation: { tries, nextAtMs },
    nowMs,
  };
  const next = nextAtMs <= nowMs ? 'now' : describeMoment(nextAtMs, nowMs);
  const why = `The connection was disconnected here ${describeMoment(grant.sinceMs, nowMs)}. Its pair must still be revoked at the provider: tried ${tries} times, the next try is due ${next}. Keep a keeper running; "keyfob-keeper ls --revoking" lists all.`;
  return print({ json, text: `${name}\n${wrapText(why, widthOf(options.terminal.output))}` }, options);
};

const textOf = (shown: ShownConnection, width: number): string => {
  const { nowMs } = shown;
  const moment = (atMs: number | undefined): string =>
    atMs === undefined ? '-' : `${showTime(atMs)} (${describeMoment(atMs, nowMs)})`;
  const params = Object.entries(shown.params).map(([name, value]) => `${name}=${value}`);
  const rows = [
    ['client', [shown.client, ...params].join(' ')],
    ['state', `${shown.state} since ${showTime(shown.sinceMs)}`],
    ['generation', String(shown.generation)],
    ['access token ends', moment(shown.accessExpiresAtMs)],
    ['refresh token ends', moment(shown.refreshExpiresAtMs)],
    ['next refresh', moment(shown.due?.atMs)],
    ['last asked for', moment(shown.askedAtMs)],
    ...(shown.sharedBy.length > 1
      ? [['same grant', shown.sharedBy.filter((name) => name !== shown.name).join(', ')]]
      : []),
  ];
  return `${shown.name}\n${wrapText(shown.why, width)}\n\n${alignColumns(rows)}${attemptsOf(shown)}`;
};

const attemptsOf = ({ attempts }: ShownConnection): string => {
  if (attempts.length === 0) return '\n\nIt was not refreshed yet.';
  const rows = attempts.map(({ sentAtMs, generation, outcome, status, tookMs, requestId }) => [
    showTime(sentAtMs),
    String(generation),
    outcome ?? 'no answer yet',
    status === undefined ? '-' : String(status),
    tookMs === undefined ? '-' : String(Math.round(tookMs)),
    requestId ?? '-',
  ]);
  return `\n\nLast refreshes\n${alignColumns([['SENT', 'GEN', 'OUTCOME', 'STATUS', 'MS', 'REQUEST ID'], ...rows])}`;
};

/** A moment as a date and time, to the second. */
export const showTime = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
