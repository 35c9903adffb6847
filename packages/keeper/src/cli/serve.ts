import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { keeperOptions } from '../config/open-parts.ts';
import type { Settings } from '../config/settings.ts';
import { openWebhooks } from '../config/webhook-settings.ts';
import { openKeeper } from '../keeper.ts';
import type { ServiceEvent, ServiceOptions } from '../service/options.ts';
import { serve } from '../service/serve.ts';
import { openLineOutput } from './line-output.ts';
import type { LineOutput } from './line-output.ts';
import { writeLogLine } from './log-line.ts';
import { readWholeNumber, settingsOf, withCommonOptions } from './options.ts';
import { print, printable } from './output.ts';
import type { CommonOptions } from './output.ts';
import { untilStopped } from './stop-signals.ts';

type ServeOptions = CommonOptions & { readonly host?: string; readonly port?: string };

/** `keyfob-keeper serve`: keeps every token alive, and answers over HTTP. */
export const addServe = (program: Command): void => {
  withCommonOptions(program.command('serve'))
    .summary('keep every token alive, and serve them over HTTP')
    .description(
      'Refreshes what is due, and serves tokens, connections and the status page over HTTP. Any number of them may share a PostgreSQL database, and those of one machine a SQLite file. SIGTERM and Ctrl-C stop it: open refreshes are waited for, up to 75 seconds. It logs to standard error: readable lines on a terminal, JSON lines to a program or with --json.',
    )
    .option('--host <address>', 'where to listen (or KEEPER_HOST; default: 127.0.0.1)')
    .option('--port <number>', 'port; 0 picks a free one (or KEEPER_PORT; default: 8790)')
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob-keeper key add app --scope tokens:read
  $ keyfob-keeper serve
  $ curl -H "Authorization: Bearer $KEY" \\
      http://127.0.0.1:8790/v1/tokens/vin:KMH123

The status page is at /; its password is a key with the scope grants:read.
/openapi.json describes every path.`,
    )
    .action(async (options: ServeOptions) => {
      const settings = settingsOf(options);
      const log = createLog(options);
      const keeper = await openKeeper({ ...keeperOptions(settings), log: log.write });
      const service = await serve(keeper, { ...serviceOptions(settings, options), log: log.write }).catch(
        async (error: unknown) => {
          await keeper.close();
          throw error;
        },
      );
      const stopped = untilStopped();
      await print(
        {
          json: { event: 'listening', url: service.url },
          text: `The keeper listens at ${service.url}, its status page too. Stop it with Ctrl-C.`,
        },
        options,
      );
      await stopped;
      await service.close();
    });
};

const serviceOptions = (settings: Settings, options: ServeOptions): ServiceOptions => {
  const { host, port, forwardedHops, reconnectUrl, webhooks, webhookAllowedRanges } = settings;
  return {
    host: options.host ?? host,
    port: options.port === undefined ? port : readWholeNumber('--port', options.port, 0, 65_535),
    forwardedHops,
    reconnectUrl,
    webhooks: openWebhooks(webhooks, { environment: settings.environment, directory: settings.base }),
    webhookAllowedRanges,
  };
};

/**
 * Lines for people on a terminal; JSON for a program that reads standard error, and with `--json`. A reader that stops
 * reading costs lines, and nothing else.
 */
const createLog = ({ json, terminal }: CommonOptions): { readonly write: (event: ServiceEvent) => void } => {
  const lines: LineOutput = openLineOutput(2, (dropped) => write({ event: 'log.dropped', lines: dropped }));
  const isForPeople = json !== true && isatty(2);
  const hasColour = (terminal.environment['NO_COLOR'] ?? '') === '';
  const write = (event: ServiceEvent | LinesDropped): void => {
    const record = { at: new Date().toISOString(), ...event };
    lines.write(`${isForPeople ? writeLogLine(record, { hasColour }) : printable(JSON.stringify(record))}\n`);
  };
  return { write };
};

/** How many lines a slow reader has missed. */
type LinesDropped = { readonly event: 'log.dropped'; readonly lines: number };
