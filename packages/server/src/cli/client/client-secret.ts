import type { Command } from 'commander';
import { addSecret, readClient, removeSecret } from '../../exports/index.ts';
import { SECRETS_MAX } from '../../exports/clients.ts';
import { OperatorError } from '../../exports/errors.ts';
import { describeSecrets, secretToJson } from './client-report.ts';
import { unknownClient, unknownSecret } from '../command/not-found.ts';
import { onDeployment, readName, readWholeNumber, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { alignColumns, showTime, timeOrNull } from '../command/output.ts';

type AddOptions = CommonOptions & {
  readonly name: string;
  readonly expiresInSeconds?: string;
  readonly overlapSeconds?: string;
};
type RemoveOptions = CommonOptions & { readonly force?: boolean };

export const addClientSecret = (client: Command): void => {
  const secret = client
    .command('secret')
    .description('A client may have several named secrets, so that one can be replaced without a gap.');
  withCommonOptions(secret.command('add <id>'))
    .description('Adds a secret and prints it once. The other secrets stay valid, or end after an overlap.')
    .option('--name <name>', 'a name for people', '')
    .option('--expires-in-seconds <seconds>', 'when the secret expires (default: never)')
    .option('--overlap-seconds <seconds>', 'end the other secrets after so long (default: they stay)')
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob client secret add ID --name 2027 --expires-in-seconds 31536000',
    )
    .action(add);
  withCommonOptions(secret.command('list <id>'))
    .description('Lists the secrets of a client by id and name. Never prints a secret.')
    .addHelpText('after', '\nExample:\n  $ keyfob client secret list ID')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const details = await readClient(context, id);
        if (details === undefined) throw unknownClient(id);
        const { secrets } = details.client;
        return { json: { clientId: id, secrets: secrets.map(secretToJson) }, text: describeSecrets(secrets) };
      }),
    );
  withCommonOptions(secret.command('remove <id> <secret-id>'))
    .description('Removes a secret. It stops working with the next request.')
    .option('--force', 'remove even the last secret, which locks the client out')
    .addHelpText('after', '\nExample:\n  $ keyfob client secret remove ID SECRET_ID')
    .action(remove);
};

const add = async (clientId: string, options: AddOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const name = readName(options.name);
    const { expiresInSeconds: text } = options;
    const expiresInSeconds =
      text === undefined ? undefined : readWholeNumber('--expires-in-seconds', text, { least: 1 });
    const overlapSeconds =
      options.overlapSeconds === undefined
        ? undefined
        : readWholeNumber('--overlap-seconds', options.overlapSeconds, { least: 0 });
    const added = await addSecret(context, { clientId, name, expiresInSeconds, overlapSeconds });
    if (added.outcome === 'too_many') {
      const remedy = 'Remove one that is not in use with "keyfob client secret remove".';
      throw new OperatorError(
        'secrets_full',
        `client ${clientId} has ${SECRETS_MAX} secrets already`,
        remedy,
      );
    }
    if (added.outcome === 'client_unknown') throw unknownClient(clientId);
    if (added.outcome === 'client_public') {
      throw new OperatorError(
        'client_public',
        `client ${clientId} is public: it authenticates without a secret`,
        'Register an app that can keep a secret as a client of its own: "keyfob client create --type confidential".',
      );
    }
    const { clientSecret, secret } = added;
    const rows = [
      ['client id', clientId],
      ['secret id', secret.id],
      ['client secret', `${clientSecret}  (shown only once)`],
      ['expires', showTime(timeOrNull(secret.expiresAtMs))],
    ];
    const remedyIfLost = `The secret is valid, and only its digest is stored. Remove it with "keyfob client secret remove ${clientId} ${secret.id}", and add another.`;
    return {
      json: { clientId, clientSecret, ...secretToJson(secret) },
      text: alignColumns(rows),
      remedyIfLost,
    };
  });

const remove = async (clientId: string, secretId: string, options: RemoveOptions): Promise<void> =>
  onDeployment(options, async (context) => {
    const removed = await removeSecret(context, { clientId, secretId, keepLast: options.force !== true });
    if (removed === 'client_unknown') throw unknownClient(clientId);
    if (removed === 'secret_unknown') throw unknownSecret(secretId);
    if (removed === 'last') {
      throw new OperatorError(
        'secret_last',
        'this is the last secret, and without one the client is locked out',
        'Add another secret first with "keyfob client secret add", or pass --force.',
      );
    }
    return { json: { clientId, secretId, removed: true }, text: `removed secret ${secretId}` };
  });
