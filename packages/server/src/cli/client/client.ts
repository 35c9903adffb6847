import type { Command } from 'commander';
import { changeClient, readClient, removeClient } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import { addClientCreate } from './client-create.ts';
import { addClientList } from './client-list.ts';
import { clientToJson, describeClient, FIELDS } from './client-report.ts';
import { addClientSecret } from './client-secret.ts';
import { addClientSet } from './client-set.ts';
import { unknownClient } from '../command/not-found.ts';
import { onDeployment, toUsageError, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { timeOrNull } from '../command/output.ts';

export const addClient = (program: Command): void => {
  const client = program
    .command('client')
    .summary('register clients, change their policies, manage their secrets')
    .description('Third-party apps and how they authenticate. Changes take effect with the next request.');
  addClientCreate(client);
  addClientList(client);
  addShow(client);
  addClientSet(client);
  addClientSecret(client);
  addSwitches(client);
};

const addShow = (client: Command): void => {
  withCommonOptions(client.command('show <id>'))
    .description('Shows a client with its policy and the names of its secrets.')
    .addHelpText('after', '\nExample:\n  $ keyfob client show ID')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async (context) => {
        const details = await readClient(context, id);
        if (details === undefined) throw unknownClient(id);
        const { client: found, count } = details;
        return { json: clientToJson(found, count), text: describeClient(found, count) };
      }),
    );
};

const addSwitches = (client: Command): void => {
  withCommonOptions(client.command('disable <id>'))
    .description('Refuses a client from its next request on. Its grants stay; "client enable" undoes this.')
    .addHelpText('after', '\nExample:\n  $ keyfob client disable ID')
    .action((id: string, options: CommonOptions) => setDisabled(id, options, true));
  withCommonOptions(client.command('enable <id>'))
    .description('Enables a disabled client again.')
    .addHelpText('after', '\nExample:\n  $ keyfob client enable ID')
    .action((id: string, options: CommonOptions) => setDisabled(id, options, false));
  withCommonOptions(client.command('remove <id>'))
    .description('Removes a client. This cannot be undone.')
    .option('--with-grants', 'remove its grants too; the owners would have to give consent again')
    .addHelpText('after', '\nExample:\n  $ keyfob client remove ID --with-grants')
    .action(remove);
};

const setDisabled = async (id: string, options: CommonOptions, isDisabled: boolean): Promise<void> =>
  onDeployment(options, async (context) => {
    const disabledAtMs = isDisabled ? context.clock() : null;
    const changed = await changeClient(context, id, { disabledAtMs });
    if (changed.outcome === 'unknown') throw unknownClient(id);
    if (changed.outcome === 'invalid') throw toUsageError(changed.faults, FIELDS);
    const state = disabledAtMs === null ? 'enabled' : 'disabled';
    return {
      json: { clientId: id, disabledAt: timeOrNull(disabledAtMs ?? undefined) },
      text: `${state} client ${id}`,
    };
  });

const remove = async (
  clientId: string,
  options: CommonOptions & { readonly withGrants?: boolean },
): Promise<void> =>
  onDeployment(options, async (context) => {
    const withGrants = options.withGrants === true;
    const removed = await removeClient(context, { clientId, withGrants });
    if (removed === 'unknown') throw unknownClient(clientId);
    if (removed === 'has_grants') {
      throw new OperatorError(
        'client_has_grants',
        `client ${clientId} still has grants`,
        'Use "keyfob client disable", which can be undone, or pass --with-grants to remove the grants too.',
      );
    }
    return { json: { clientId, removed: true }, text: `removed client ${clientId}` };
  });
