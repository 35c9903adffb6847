import type { Command } from 'commander';
import { NeedsConsentError, UnavailableError } from '../errors.ts';
import { onKeeper, readWholeNumber, withCommonOptions } from './options.ts';
import { print, warn } from './output.ts';
import type { CommonOptions } from './output.ts';

type TokenOptions = CommonOptions & { readonly wait: string; readonly minValid?: string };

/** `keyfob-keeper token NAME`: prints a valid access token and nothing else. */
export const addToken = (program: Command): void => {
  withCommonOptions(program.command('token <name>'))
    .summary('print a valid access token, and nothing else')
    .description(
      'Prints a valid access token of a connection; where the last one has ended, it is refreshed first. A keeper that serves the same store does not disturb it.',
    )
    .option('--wait <seconds>', 'how long to wait for a new one', '30')
    .option('--min-valid <seconds>', 'how long it must still be valid')
    .addHelpText(
      'after',
      `
Example:
  $ curl -H "Authorization: Bearer $(keyfob-keeper token vin:KMH123)" \\
      https://api.smartcar.com/v2.0/vehicles

It exits with 1 where there is no token: needs_consent (only the owner can
help), or unavailable (the grant lives; try again).`,
    )
    .action(async (name: string, options: TokenOptions) => {
      const waitMs = readWholeNumber('--wait', options.wait, 0, 600) * 1000;
      const minValidMs =
        options.minValid === undefined
          ? undefined
          : readWholeNumber('--min-valid', options.minValid, 0, 86_400) * 1000;
      const result = await onKeeper(options, (keeper) => keeper.tryToken(name, { waitMs, minValidMs }));
      if (result.status === 'needs_consent') throw new NeedsConsentError(name, result.cause);
      if (result.status === 'unavailable') throw new UnavailableError(name, result.reason, result.retryAtMs);
      const { accessToken, expiresAtMs, isStale } = result;
      if (isStale && options.json !== true)
        warn(
          options,
          `${name}: the refresh is in trouble; this token works until ${new Date(expiresAtMs).toISOString()}`,
        );
      await print({ json: { name, accessToken, expiresAtMs, isStale }, text: accessToken }, options);
    });
};
