import type { Command } from 'commander';
import { toSeconds } from '../clock.ts';
import type { Millis } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import type { Store } from '../grants/store.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { addClientCreate } from './client-create.ts';
import { clientToJson, describeClient } from './client-report.ts';
import { addClientSecret } from './client-secret.ts';
import { addClientSet } from './client-set.ts';
import { onDeployment, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns } from './output.ts';
import { readClient } from '../operations/registry.ts';

export const addClient = (program: Command): void => {
  const client = program
    .command('client')
    .summary('register clients, change their policy, roll their secrets')
    .description(
      'Third-party apps and how they prove themselves. Changes take effect with the next request.',
    );
  addClientCreate(client);
  addViews(client);
  addClientSet(client);
  addClientSecret(client);
  addSwitches(client);
};

const addViews = (client: Command): void => {
  withCommonOptions(client.command('list'))
    .description('Lists every client.')
    .addHelpText('after', '\nExample:\n  $ keyfob client list --json')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const clients = await store.listClients();
        const rows = clients.map(({ id, dialect, type, name, policy, disabledAt }) => [
          id,
          dialect,
          type,
          policy.rotation,
          disabledAt === undefined ? 'enabled' : 'disabled',
          name,
        ]);
        return {
          json: { clients: clients.map((one) => clientToJson(one)) },
          text: alignColumns([['CLIENT ID', 'DIALECT', 'TYPE', 'ROTATION', 'STATE', 'NAME'], ...rows]),
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
        return { json: clientToJson(found, grants), text: describeClient(found, grants) };
      }),
    );
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
        if (withGrants) await endGrants(store, id, Date.now());
        if ((await store.removeClient(id, { withGrants })) === 'has_grants') {
          const remedy =
            'Use "keyfob client disable", which can be undone, or pass --with-grants to end them all.';
          throw new OperatorError('client_has_grants', `client ${id} still has grants`, remedy);
        }
        return { json: { clientId: id, removed: true }, text: `removed client ${id}` };
      }),
    );
};

const PAGE = 500;

/** Revokes what lives of a client's grants, so that webhooks are told of each; the client gets no more from here on. */
const endGrants = async ({ changeClient, listGrants, revoke }: Store, clientId: string, nowMs: Millis) => {
  await changeClient(clientId, { disabledAt: toSeconds(nowMs) });
  for (let page, after: GrantId | undefined; page === undefined || page.length === PAGE;) {
    page = await listGrants({ clientId, after, limit: PAGE });
    after = page.at(-1)?.id;
    await Promise.all(page.map(({ id }) => revoke(id, { nowMs, cause: 'operator' })));
  }
};

const setDisabled = async (id: string, options: CommonOptions, disabledAt: number | null): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    await readClient(store, id);
    await store.changeClient(id, { disabledAt });
    const state = disabledAt === null ? 'enabled' : 'disabled';
    return { json: { clientId: id, disabledAt }, text: `${state} client ${id}` };
  });
