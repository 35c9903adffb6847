import type { Command } from 'commander';
import { disconnectConnection, refreshConnection } from '../operations/refresh-connection.ts';
import { onKeeper, withCommonOptions } from './options.ts';
import { print } from './output.ts';
import type { CommonOptions } from './output.ts';
import { unknownConnection } from './show.ts';

/** `keyfob-keeper refresh NAME`: refreshes now, or explains why not. */
export const addRefresh = (program: Command): void => {
  withCommonOptions(program.command('refresh <name>'))
    .summary('refresh a connection now, or explain why not')
    .description(
      'Refreshes a connection now, where that is allowed, and explains how it ended. It never sends a token while an earlier send may still be answered.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper refresh vin:KMH123')
    .action(async (name: string, options: CommonOptions) => {
      const report = await onKeeper(options, (keeper) => refreshConnection(keeper, name, Date.now()));
      if (report.reason === 'not_connected') throw unknownConnection(name);
      const isFailure = report.outcome !== 'refreshed';
      await print(
        { json: { name, ...report }, text: `${name}: ${report.outcome}\n${report.why}`, isFailure },
        options,
      );
    });
};

/** `keyfob-keeper disconnect NAME`: ends a connection. */
export const addDisconnect = (program: Command): void => {
  withCommonOptions(program.command('disconnect <name>'))
    .summary('end a connection: nothing is kept alive for it any more')
    .description(
      'Ends a connection. Its grant ends with the last connection that uses it. Its pair is revoked at the provider where that is offered (revocationUrl): at once, or by a running keeper within four days. An answer that is on its way is revoked as well. A new put brings the connection back, and cancels what still waits.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob-keeper disconnect vin:KMH123')
    .action(async (name: string, options: CommonOptions) => {
      const ended = await onKeeper(options, (keeper) => disconnectConnection(keeper, name));
      if (!ended.wasConnected) throw unknownConnection(name);
      await print({ json: ended, text: `${name}: disconnected\n${ended.why}` }, options);
    });
};
