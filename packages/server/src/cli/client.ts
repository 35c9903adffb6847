import { Option } from 'commander';
import type { Command } from 'commander';
import { DIALECT_NAMES } from '../clients/client.ts';
import type { Client, DialectName } from '../clients/client.ts';
import { POLICY_FIELDS } from '../clients/policy.ts';
import type { PolicyField } from '../clients/policy.ts';
import { toSeconds } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { addClientSecret, describeSecrets, secretToJson } from './client-secret.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, alignFacts, showTime, UsageError } from './output.ts';
import { createClient, readClient } from './registry.ts';

/** What each policy field means, for the help. */
const POLICY_HELP: Readonly<Record<PolicyField, string>> = {
  refreshTokenLifetimeSeconds: 'life of each refresh token, from its issuance',
  accessTokenLifetimeSeconds: 'life of each access token',
  rotation: 'strict, overlap, until-used or none',
  overlapSeconds: 'with rotation overlap: how long a used token may be repeated (0 to 900)',
  raceSeconds:
    'how long after its first use a repeated token is refused without being taken for theft (0 to 900)',
  onReplay: 'revoke, refuse or observe',
  grantLifetimeSeconds: 'absolute life of a grant, or none',
  resyncGenerations: 'how far ahead of the store a token may be after the store lost its newest writes',
  requireUserAgent: 'true or false: refuse requests without a User-Agent',
  tellRefreshExpiry: 'true or false: add refresh_token_expires_in to the Smartcar answer',
  accessTokenFormat: 'opaque, or jwt for resource servers that check tokens by themselves (RFC 9068)',
  clientCredentials: 'true or false: let the client get tokens for itself (POST /oauth2/token)',
  deadTokenCode: 'code by which the Pleos wire calls a refresh token dead: 4002, 401, 403 or 4011',
};
const FIELDS = Object.keys(POLICY_FIELDS) as readonly PolicyField[];
const toFlag = (field: string): string => field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

type SetOptions = CommonOptions & { readonly name?: string } & Partial<Record<PolicyField, string>>;

export const addClient = (program: Command): void => {
  const client = program
    .command('client')
    .summary('register clients, change their policy, roll their secrets')
    .description(
      'Third-party apps and how they prove themselves. Changes take effect with the next request.',
    );
  addRegistration(client);
  addSet(client);
  addClientSecret(client);
  addSwitches(client);
};

const addRegistration = (client: Command): void => {
  withCommonOptions(client.command('create'))
    .description('Registers a client and prints its secret, once: only a digest of it is kept.')
    .addOption(
      new Option('--dialect <name>', 'whose wire it speaks').choices(DIALECT_NAMES).makeOptionMandatory(),
    )
    .option('--name <name>', 'a name for people', '')
    .addHelpText('after', '\nExample:\n  $ keyfob client create --dialect smartcar --name "Charge planner"')
    .action(async (options: CommonOptions & { readonly dialect: DialectName; readonly name: string }) =>
      onDeployment(
        options,
        async (deployment) => {
          const { dialect, name } = options;
          const wanted = { dialect, name: readName(name), nowMs: Date.now() };
          const created = await createClient(deployment, wanted);
          const { id } = created.client;
          const json = { ...toJson(created.client, 0), clientSecret: created.clientSecret };
          const facts = [
            ['client id', id],
            ['client secret', `${created.clientSecret}  (shown this once)`],
            ['dialect', dialect],
            ['name', name === '' ? '-' : name],
          ] as const;
          return {
            json,
            text: `${alignFacts(facts)}\n\nNext: keyfob grant create --client ${id} --subject owner-1`,
          };
        },
        { isFirstStart: true },
      ),
    );
  withCommonOptions(client.command('list'))
    .description('Lists every client.')
    .addHelpText('after', '\nExample:\n  $ keyfob client list --json')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const clients = await store.listClients();
        const rows = clients.map(({ id, dialect, name, policy, disabledAt }) => [
          id,
          dialect,
          policy.rotation,
          disabledAt === undefined ? 'enabled' : 'disabled',
          name,
        ]);
        return {
          json: { clients: clients.map((one) => toJson(one)) },
          text: alignColumns([['CLIENT ID', 'DIALECT', 'ROTATION', 'STATE', 'NAME'], ...rows]),
        };
      }),
    );
  withCommonOptions(client.command('show <id>'))
    .description('Shows a client with its whole policy and its secrets, of which only the names are known.')
    .addHelpText('after', '\nExample:\n  $ keyfob client show ID')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const found = await readClient(store, id);
        const grants = await store.countGrants(id);
        return { json: toJson(found, grants), text: describe(found, grants) };
      }),
    );
};

const addSet = (client: Command): void => {
  const command = withCommonOptions(client.command('set <id>'))
    .description('Changes a client: every field of its policy, and its name. Existing grants follow at once.')
    .option('--name <name>', 'a name for people')
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob client set ID --rotation overlap --overlap-seconds 600 --on-replay revoke',
    );
  for (const field of FIELDS) command.option(`--${toFlag(field)} <value>`, POLICY_HELP[field]);
  command.action(async (id: string, options: SetOptions) =>
    onDeployment(options, async ({ store }) => {
      const policy = Object.fromEntries(
        FIELDS.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
      );
      const { name } = options;
      if (Object.keys(policy).length === 0 && name === undefined) {
        throw new UsageError(
          'nothing to change: name a policy field, such as --overlap-seconds 600, or --name',
        );
      }
      await readClient(store, id);
      const outcome = await store.changeClient(id, {
        policy,
        ...(name === undefined ? {} : { name: readName(name) }),
      });
      if (typeof outcome === 'object') throw new UsageError(outcome.faults.map(nameFlags).join('; '));
      const after = await readClient(store, id);
      const grants = await store.countGrants(id);
      return { json: toJson(after, grants), text: describe(after, grants) };
    }),
  );
};

/** A fault of the policy in the words of the command line. */
const nameFlags = (fault: string): string =>
  fault.replace(/\b[a-z]+(?:[A-Z][a-z]+)+\b|^rotation\b/g, (field) => `--${toFlag(field)}`);

/** A name for people, in one line of a terminal. */
const readName = (name: string): string => {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name))
    throw new UsageError('--name must not hold control characters');
  return name;
};

const addSwitches = (client: Command): void => {
  withCommonOptions(client.command('disable <id>'))
    .description('Refuses a client from its next request on. Its grants stay; enable brings everything back.')
    .addHelpText('after', '\nExample:\n  $ keyfob client disable ID')
    .action((id: string, options: CommonOptions) => setDisabled(id, options, toSeconds(Date.now())));
  withCommonOptions(client.command('enable <id>'))
    .description('Lets a disabled client in again.')
    .addHelpText('after', '\nExample:\n  $ keyfob client enable ID')
    .action((id: string, options: CommonOptions) => setDisabled(id, options, null));
  withCommonOptions(client.command('remove <id>'))
    .description('Removes a client for good.')
    .option('--with-grants', 'and every grant of it: owners would have to consent again')
    .addHelpText('after', '\nExample:\n  $ keyfob client remove ID --with-grants')
    .action(async (id: string, options: CommonOptions & { readonly withGrants?: boolean }) =>
      onDeployment(options, async ({ store }) => {
        await readClient(store, id);
        const withGrants = options.withGrants === true;
        if ((await store.removeClient(id, { withGrants })) === 'has_grants') {
          const mend =
            'Use "keyfob client disable", which can be undone, or pass --with-grants to end them all.';
          throw new OperatorError('client_has_grants', `client ${id} still has grants`, mend);
        }
        return { json: { clientId: id, removed: true }, text: `removed client ${id}` };
      }),
    );
};

const setDisabled = async (id: string, options: CommonOptions, disabledAt: number | null): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    await readClient(store, id);
    await store.changeClient(id, { disabledAt });
    const state = disabledAt === null ? 'enabled' : 'disabled';
    return { json: { clientId: id, disabledAt }, text: `${state} client ${id}` };
  });

const toJson = (client: Client, grants?: number) => ({
  clientId: client.id,
  dialect: client.dialect,
  name: client.name,
  createdAt: client.createdAt,
  disabledAt: client.disabledAt ?? null,
  policy: client.policy,
  secrets: client.secrets.map(secretToJson),
  ...(grants === undefined ? {} : { grants }),
});

const describe = (client: Client, grants: number): string => {
  const facts = [
    ['client id', client.id],
    ['dialect', client.dialect],
    ['name', client.name === '' ? '-' : client.name],
    ['created', showTime(client.createdAt)],
    ['state', client.disabledAt === undefined ? 'enabled' : `disabled ${showTime(client.disabledAt)}`],
    ['grants', String(grants)],
    ...FIELDS.map((field) => [toFlag(field), String(client.policy[field] ?? 'none')] as const),
  ] as const;
  return `${alignFacts(facts)}\n\n${describeSecrets(client.secrets)}`;
};
