import type { Command } from 'commander';
import { changeClient } from '../../exports/index.ts';
import type { ClientChange, PolicyField } from '../../exports/clients.ts';
import { DIALECTS } from '../../exports/dialects.ts';
import type { Dialect } from '../../exports/dialects.ts';
import { readProfileOptions, withProfileOptions } from './profile-options.ts';
import type { ProfileOptions } from './profile-options.ts';
import { readKeyOptions, withKeyOptions } from './key-options.ts';
import type { KeyOptions } from './key-options.ts';
import { clientToJson, describeClient, FIELDS } from './client-report.ts';
import { POLICY_HELP } from './policy-help.ts';
import { unknownClient } from '../command/not-found.ts';
import { onDeployment, toFlag, toList, toUsageError, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { UsageError } from '../command/output.ts';

const dialects: readonly Dialect[] = Object.values(DIALECTS);
/** The options of dialects by name, with what each does. */
const DIALECT_OPTIONS: ReadonlyMap<string, string> = new Map(
  dialects.flatMap(({ name: dialect, options = {} }) =>
    Object.entries(options).map(([name, { help, choices }]) => [
      name,
      `${dialect}: ${help} (${choices.join(', ')})`,
    ]),
  ),
);

type SetOptions = CommonOptions &
  ProfileOptions &
  KeyOptions & {
    readonly name?: string;
    readonly redirectUri?: readonly string[];
    readonly addRedirectUri?: readonly string[];
    readonly removeRedirectUri?: readonly string[];
    readonly consentRedirectUri?: string;
  } & Partial<Record<PolicyField, string>> &
  Readonly<Record<string, unknown>>;

export const addClientSet = (client: Command): void => {
  const command = withCommonOptions(client.command('set <id>'))
    .description(
      'Changes the redirect URIs, the name, what owners see of it, or any field of the policy of a client. Existing grants follow from the next request.',
    )
    .option('--name <name>', 'a name for people')
    .option('--redirect-uri <uri>', 'replaces all redirect URIs; may be repeated', toList)
    .option('--add-redirect-uri <uri>', 'adds a redirect URI; may be repeated', toList)
    .option('--remove-redirect-uri <uri>', 'removes a redirect URI; may be repeated', toList)
    .option(
      '--consent-redirect-uri <uri>',
      'where owners return after they choose vehicles, if the dialect has a redirect URI for that; none for the first redirect URI',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob client set ID --rotation overlap --overlap-seconds 600 \\
      --on-replay revoke
  $ keyfob client set ID --add-redirect-uri https://app.example/callback
  $ keyfob client set ID --profile fapi2 --jwks keys.json
  $ keyfob client set ID --grant-scope "read_charge control_charge"`,
    );
  withProfileOptions(command, '; none to remove it');
  withKeyOptions(command, '; none to remove them');
  for (const field of FIELDS) command.option(`${toFlag(field)} <value>`, POLICY_HELP[field]);
  for (const [name, help] of DIALECT_OPTIONS) command.option(`${toFlag(name)} <value>`, help);
  command.action(set);
};

const set = async (id: string, options: SetOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const changed = await changeClient(context, id, await readChange(options));
    if (changed.outcome === 'unknown') throw unknownClient(id);
    if (changed.outcome === 'invalid')
      throw toUsageError(changed.faults, [...FIELDS, ...DIALECT_OPTIONS.keys()]);
    const { client, count } = changed;
    return { json: clientToJson(client, count), text: describeClient(client, count) };
  });

const readChange = async (options: SetOptions): Promise<ClientChange> => {
  const policy = Object.fromEntries(
    FIELDS.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
  );
  const dialectOptions = Object.fromEntries(
    [...DIALECT_OPTIONS.keys()].flatMap((option) => {
      const value = options[option];
      return typeof value === 'string' ? [[option, value]] : [];
    }),
  );
  const { name, redirectUri, addRedirectUri, removeRedirectUri, consentRedirectUri } = options;
  const change: ClientChange = {
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    ...(Object.keys(dialectOptions).length === 0 ? {} : { dialectOptions }),
    ...(name === undefined ? {} : { name }),
    ...(await readProfileOptions(options)),
    ...(await readKeyOptions(options)),
    ...(redirectUri === undefined ? {} : { redirectUris: redirectUri }),
    ...(addRedirectUri === undefined ? {} : { addedRedirectUris: addRedirectUri }),
    ...(removeRedirectUri === undefined ? {} : { removedRedirectUris: removeRedirectUri }),
    ...(consentRedirectUri === undefined
      ? {}
      : { consentRedirectUri: consentRedirectUri === 'none' ? null : consentRedirectUri }),
  };
  if (Object.keys(change).length > 0) return change;
  throw new UsageError(
    'nothing to change: pass a policy field, such as --overlap-seconds 600, a redirect URI or --name',
  );
};
