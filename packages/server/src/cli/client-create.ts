import { Option } from 'commander';
import type { Command } from 'commander';
import type { Deployment } from '../deployment/open.ts';
import { CLIENT_TYPES } from '../clients/client.ts';
import type { Client, ClientType } from '../clients/client.ts';
import { DIALECTS, dialectOf } from '../dialects/dialects.ts';
import { clientToJson, redirectFacts } from './client-report.ts';
import { onDeployment, readName, toList, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignFacts } from './output.ts';
import { createClient, createPublicClient } from '../operations/registry.ts';
import type { NewClient } from '../operations/registry.ts';

type CreateOptions = CommonOptions & {
  readonly dialect: string;
  readonly name: string;
  readonly type: ClientType;
  readonly redirectUri?: readonly string[];
  readonly consentRedirectUri?: string;
};

export const addClientCreate = (client: Command): void => {
  withCommonOptions(client.command('create'))
    .description('Registers a client and prints its secret, once: only a digest of it is kept.')
    .addOption(
      new Option('--dialect <name>', 'the API it speaks')
        .choices(Object.keys(DIALECTS))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--type <type>',
        'public: an app that can keep no secret; resource-server: checks tokens and gets none',
      )
        .choices(CLIENT_TYPES)
        .default('confidential'),
    )
    .option('--name <name>', 'a name for people', '')
    .option('--redirect-uri <uri>', 'where owners are sent back to; may be given several times', toList)
    .option(
      '--consent-redirect-uri <uri>',
      'where owners return after they choose vehicles, if the dialect asks for that separately (default: the first redirect URI)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob client create --dialect smartcar --name "Charge planner" --redirect-uri https://app.example/callback
  $ keyfob client create --dialect smartcar --type public --redirect-uri http://127.0.0.1/callback
  $ keyfob client create --dialect smartcar --type resource-server --name "Vehicle API"`,
    )
    .action(create);
};

const create = async (options: CreateOptions): Promise<void> =>
  onDeployment(
    options,
    async (deployment) => {
      const { dialect, type, consentRedirectUri, redirectUri = [] } = options;
      const name = readName(options.name);
      const wanted = { dialect, name, nowMs: Date.now(), redirectUris: redirectUri, consentRedirectUri };
      const { client, clientSecret } = await register(deployment, type, wanted);
      const facts = [
        ['client id', client.id],
        [
          'client secret',
          clientSecret === null ? '- (a public client has none)' : `${clientSecret}  (shown this once)`,
        ],
        ['dialect', dialect],
        ['type', type],
        ['name', name === '' ? '-' : name],
        ...redirectFacts(client),
      ] as const;
      return {
        json: { ...clientToJson(client, 0), clientSecret },
        text: `${alignFacts(facts)}\n\nNext: ${NEXT[type](client)}`,
      };
    },
    { createIfMissing: true },
  );

const register = async (
  deployment: Deployment,
  type: ClientType,
  wanted: NewClient,
): Promise<{ readonly client: Client; readonly clientSecret: string | null }> =>
  type === 'public'
    ? { client: await createPublicClient(deployment, wanted), clientSecret: null }
    : createClient(deployment, { ...wanted, type });

/** An owner is asked where there is a way back to the app; else a grant is made without asking one. */
const askOwner = (client: Client): string => {
  const {
    id: clientId,
    redirectUris: [redirectUri],
  } = client;
  if (redirectUri === undefined) return `keyfob grant create --client ${clientId} --subject owner-1`;
  const target = dialectOf(client).examples.authorizationTarget({ clientId, redirectUri });
  return `send an owner to your server's ${target}`;
};

const NEXT: Readonly<Record<ClientType, (client: Client) => string>> = {
  confidential: askOwner,
  public: askOwner,
  'resource-server': () => 'let it check access tokens at POST /oauth/introspect, by its id and secret.',
};
