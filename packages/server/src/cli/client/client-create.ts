import { Option } from 'commander';
import type { Command } from 'commander';
import { NO_GRANTS, registerClient } from '../../exports/index.ts';
import { CLIENT_TYPES } from '../../exports/clients.ts';
import type { Client, ClientType, PolicyField } from '../../exports/clients.ts';
import { dialectOf, DIALECTS } from '../../exports/dialects.ts';
import { readProfileOptions, withProfileOptions } from './profile-options.ts';
import type { ProfileOptions } from './profile-options.ts';
import { keyRows, readKeyOptions, withKeyOptions } from './key-options.ts';
import type { KeyOptions } from './key-options.ts';
import { clientToJson, FIELDS, profileRows, redirectRows } from './client-report.ts';
import { POLICY_HELP } from './policy-help.ts';
import { onDeployment, toList, toUsageError, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { writeCommand } from '../command/more-hint.ts';
import { alignColumns } from '../command/output.ts';

type CreateOptions = CommonOptions &
  ProfileOptions &
  KeyOptions & {
    readonly dialect: string;
    readonly name: string;
    readonly type: ClientType;
    readonly redirectUri?: readonly string[];
    readonly consentRedirectUri?: string;
    readonly createStore?: boolean;
  } & Partial<Record<PolicyField, string>>;

/** What a client is allowed, which is decided when it is registered. "client set" changes every field. */
const ALLOWED_FIELDS = [
  'grantScope',
  'simulatedOwners',
  'requirePkce',
  'nativeApp',
  'profile',
  'clientAuthentication',
  'deviceFlow',
] as const satisfies readonly PolicyField[];

export const addClientCreate = (client: Command): void => {
  const command = withCommonOptions(client.command('create'))
    .description('Registers a client and prints its secret once: only a digest of it is stored.')
    .addOption(
      new Option('--dialect <name>', 'the API that the client speaks')
        .choices(Object.keys(DIALECTS))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--type <type>',
        'public: an app that cannot keep a secret; resource-server: verifies tokens and gets none',
      )
        .choices(CLIENT_TYPES)
        .default('confidential'),
    )
    .option('--name <name>', 'a name for people', '')
    .option('--redirect-uri <uri>', 'where owners return after consent; may be repeated', toList)
    .option(
      '--consent-redirect-uri <uri>',
      'where owners return after they choose vehicles, if the dialect has a redirect URI for that (default: the first redirect URI)',
    )
    .option(
      '--grant-scope <scope>',
      'what owners may grant the client, space separated (default: every scope of the dialect that only reads)',
    )
    .option('--simulated-owners <value>', `${POLICY_HELP.simulatedOwners} (default: false)`)
    .option(
      '--require-pkce <value>',
      `${POLICY_HELP.requirePkce} (default: true where the dialect documents PKCE)`,
    )
    .option('--native-app <value>', `${POLICY_HELP.nativeApp} (default: true for a public client)`)
    .option('--profile <value>', `${POLICY_HELP.profile} (default: none)`)
    .option('--client-authentication <value>', `${POLICY_HELP.clientAuthentication} (default: both)`)
    .option(
      '--device-flow <value>',
      `${POLICY_HELP.deviceFlow} (default: true where the dialect has nothing else)`,
    )
    .option(
      '--create-store',
      'make the store, and in a data directory its key file, if there is none yet; otherwise a missing store is an error',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob client create --dialect oauth --name "Charge planner" \\
      --redirect-uri https://app.example/callback
  $ keyfob client create --dialect oauth \\
      --grant-scope "read_charge control_charge"
  $ keyfob client create --dialect smartcar --name "Charge planner" \\
      --developer "Example GmbH" \\
      --privacy-url https://app.example/privacy \\
      --logo https://app.example/logo.png \\
      --redirect-uri https://app.example/callback
  $ keyfob client create --dialect oauth --type public \\
      --redirect-uri http://127.0.0.1/callback
  $ keyfob client create --dialect oauth --type resource-server \\
      --name "Vehicle API"
  $ keyfob client create --dialect oauth --profile fapi2 \\
      --jwks keys.json --redirect-uri https://app.example/callback
  $ keyfob client create --dialect oauth --type public --device-flow true \\
      --name "Head unit"
  $ keyfob client create --dialect oauth --data /var/lib/keyfob --create-store`,
    );
  withKeyOptions(withProfileOptions(command, ''), '').action(create);
};

const create = async (options: CreateOptions): Promise<void> =>
  onDeployment(
    options,
    async (context, _deployment, id) => {
      const { dialect, type, consentRedirectUri, redirectUri: redirectUris = [] } = options;
      const policy = Object.fromEntries(
        ALLOWED_FIELDS.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
      );
      const { name } = options;
      const { developer, privacyUrl, logo } = await readProfileOptions(options);
      const { jwks, jwksUri } = await readKeyOptions(options);
      const wanted = {
        id,
        dialect,
        type,
        name,
        redirectUris,
        consentRedirectUri,
        policy,
        ...(developer === undefined ? {} : { developer }),
        ...(typeof privacyUrl === 'string' ? { privacyUrl } : {}),
        ...(logo instanceof Uint8Array ? { logo } : {}),
        ...(typeof jwks === 'string' ? { jwks } : {}),
        ...(typeof jwksUri === 'string' ? { jwksUri } : {}),
      };
      const registered = await registerClient(context, wanted);
      if (registered.outcome === 'invalid') throw toUsageError(registered.faults, FIELDS);
      const { client, clientSecret } = registered;
      const rows = [
        ['client id', client.id],
        [
          'client secret',
          clientSecret === undefined ? `- (${WITHOUT_SECRET[type]})` : `${clientSecret}  (shown only once)`,
        ],
        ['dialect', dialect],
        ['type', type],
        ['name', name === '' ? '-' : name],
        ...profileRows(client),
        ...keyRows(client),
        ...redirectRows(client),
        ...(type === 'resource-server' ? [] : [['owners may grant', client.policy.grantScope || '-']]),
      ];
      return {
        json: { ...clientToJson(client, NO_GRANTS), clientSecret: clientSecret ?? null },
        text: `${alignColumns(rows)}\n\nNext: ${NEXT[type](client, options)}`,
        ...(clientSecret === undefined ? {} : { remedyIfLost: remedyIfLost(client) }),
      };
    },
    { createIfMissing: options.createStore === true },
  );

/** Why a client has no secret. */
const WITHOUT_SECRET: Readonly<Record<ClientType, string>> = {
  public: 'a public client has none',
  confidential: 'it authenticates without one',
  'resource-server': 'it authenticates without one',
};

/** Only a digest of the secret is stored. */
const remedyIfLost = ({ id }: Client): string =>
  `The client exists. Remove it with "keyfob client remove ${id}" and create it again, or run "keyfob client secret add ${id}".`;

/** With a redirect URI an owner can give consent; without one, the operator creates the grant. */
const askOwner = (client: Client, options: CommonOptions): string => {
  const { id: clientId, redirectUris } = client;
  const [redirectUri] = redirectUris;
  if (redirectUri === undefined)
    return writeCommand('grant create', options, { '--client': clientId, '--subject': 'owner-1' });
  const target = dialectOf(client).examples.authorizationTarget({ clientId, redirectUri });
  return `send an owner to ${target} on your server.`;
};

const NEXT: Readonly<Record<ClientType, (client: Client, options: CommonOptions) => string>> = {
  confidential: askOwner,
  public: askOwner,
  'resource-server': () => 'let it verify access tokens at POST /oauth/introspect with its id and secret.',
};
