import type { Command } from 'commander';
import type { ClientSecret } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { onDeployment, readName, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, alignFacts, showTime, UsageError } from './output.ts';
import { makeSecret, readClient } from '../operations/registry.ts';

export const addClientSecret = (client: Command): void => {
  const secret = client
    .command('secret')
    .description('Several named secrets, so that one can be rolled without a gap.');
  withCommonOptions(secret.command('add <id>'))
    .description('Adds a secret and prints it, once. The others stay good.')
    .option('--name <name>', 'a name for people', '')
    .option('--expires-in-seconds <seconds>', 'when it ends by itself (default: never)')
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob client secret add ID --name 2027 --expires-in-seconds 31536000',
    )
    .action(
      async (
        id: string,
        options: CommonOptions & { readonly name: string; readonly expiresInSeconds?: string },
      ) =>
        onDeployment(options, async ({ store, randomness }) => {
          const now = toSeconds(Date.now());
          const { clientSecret, secret: made } = makeSecret(randomness, {
            name: readName(options.name),
            createdAt: now,
            expiresAt: readExpiry(options.expiresInSeconds, now),
          });
          const { type } = await readClient(store, id);
          if (type === 'public') {
            const remedy =
              'An app that can keep a secret is a client of its own: "keyfob client create --type confidential".';
            throw new OperatorError(
              'client_public',
              `client ${id} is public: it authenticates by no secret`,
              remedy,
            );
          }
          await store.addSecret(id, made);
          const json = { clientId: id, clientSecret, ...secretToJson(made) };
          const facts = [
            ['client id', id],
            ['secret id', made.id],
            ['client secret', `${clientSecret}  (shown this once)`],
            ['expires', showTime(made.expiresAt)],
          ] as const;
          return { json, text: alignFacts(facts) };
        }),
    );
  withCommonOptions(secret.command('list <id>'))
    .description('Lists the secrets of a client; never the secrets themselves.')
    .addHelpText('after', '\nExample:\n  $ keyfob client secret list ID')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const { secrets } = await readClient(store, id);
        return { json: { clientId: id, secrets: secrets.map(secretToJson) }, text: describeSecrets(secrets) };
      }),
    );
  withCommonOptions(secret.command('remove <id> <secret-id>'))
    .description('Removes a secret. It stops working with the next request.')
    .option('--force', 'even the last one, which locks the client out')
    .addHelpText('after', '\nExample:\n  $ keyfob client secret remove ID SECRET_ID')
    .action(async (id: string, secretId: string, options: CommonOptions & { readonly force?: boolean }) =>
      onDeployment(options, async ({ store }) => {
        const { secrets } = await readClient(store, id);
        if (!secrets.some((one) => one.id === secretId)) {
          throw new OperatorError(
            'secret_unknown',
            `the client has no secret ${secretId}`,
            'See "keyfob client secret list".',
          );
        }
        const keepLast = options.force !== true;
        if ((await store.removeSecret(id, secretId, { keepLast })) === 'last') {
          const remedy = 'Add the next one first with "keyfob client secret add", or pass --force.';
          throw new OperatorError(
            'secret_last',
            'it is the last secret, and without one the client is locked out',
            remedy,
          );
        }
        return { json: { clientId: id, secretId, removed: true }, text: `removed secret ${secretId}` };
      }),
    );
};

const readExpiry = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,9}$/.test(text))
    throw new UsageError('--expires-in-seconds must be a whole number of at least 1');
  return now + Number(text);
};

export const secretToJson = ({ id, name, createdAt, expiresAt, lastUsedAt }: ClientSecret) => ({
  secretId: id,
  name,
  createdAt,
  expiresAt: expiresAt ?? null,
  lastUsedAt: lastUsedAt ?? null,
});

export const describeSecrets = (secrets: readonly ClientSecret[]): string =>
  alignColumns([
    ['SECRET ID', 'CREATED', 'EXPIRES', 'LAST USED', 'NAME'],
    ...secrets.map(({ id, name, createdAt, expiresAt, lastUsedAt }) => [
      id,
      showTime(createdAt),
      showTime(expiresAt),
      showTime(lastUsedAt),
      name,
    ]),
  ]);
