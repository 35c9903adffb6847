import { Option } from 'commander';
import type { Command } from 'commander';
import { addOperatorKey, OPERATOR_KEY_MAX_SECONDS, OPERATOR_KEY_SECONDS } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import { ROLES } from '../../exports/operators.ts';
import type { OperatorKey, Role } from '../../exports/operators.ts';
import { OPERATOR_KEYS_MAX } from '../../exports/stores.ts';
import { onDeployment, readName, readWholeNumber, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { ownClientsInvalid } from './own-clients.ts';
import { alignColumns, timeOrNull, showTime } from '../command/output.ts';

type AddOptions = CommonOptions & {
  readonly name: string;
  readonly role: Role;
  readonly client?: readonly string[];
  readonly expiresInDays: string;
};

const DAY_SECONDS = 86_400;

export const addOperator = (program: Command): void => {
  const operator = program
    .command('operator')
    .summary('manage the keys with which programs use the admin API')
    .description('Operators sign in to the console; their programs use operator keys at the admin API.');
  const key = operator
    .command('key')
    .description('Keys of programs that use the admin API. Each has a role and an end.');
  withCommonOptions(key.command('add'))
    .description('Makes an operator key and prints it once.')
    .requiredOption('--name <name>', 'whose key it is, for people')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(ROLES).makeOptionMandatory())
    .option('--client <id...>', 'for the role developer: the clients that its holder works with')
    .option(
      '--expires-in-days <days>',
      `when it ends, at most ${OPERATOR_KEY_MAX_SECONDS / DAY_SECONDS}`,
      String(OPERATOR_KEY_SECONDS / DAY_SECONDS),
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ keyfob operator key add --name helpdesk --role support\n  $ keyfob operator key add --name "charge team" --role developer --client ID',
    )
    .action(add);
  withCommonOptions(key.command('list'))
    .description('Lists the operator keys with their last use. Never prints a key.')
    .addHelpText('after', '\nExample:\n  $ keyfob operator key list')
    .action(async (options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        const keys = (await store.listOperatorKeys()).map(keyToJson);
        const rows = keys.map(({ keyId, role, expiresAt, lastUsedAt, name, clientIds }) => [
          keyId,
          role,
          showTime(expiresAt),
          showTime(lastUsedAt),
          name,
          clientIds.length === 0 ? '-' : clientIds.join(' '),
        ]);
        return {
          json: { operatorKeys: keys },
          text: alignColumns([['KEY ID', 'ROLE', 'EXPIRES', 'LAST USED', 'NAME', 'CLIENTS'], ...rows]),
        };
      }),
    );
  withCommonOptions(key.command('remove <id>'))
    .description('Removes an operator key. It stops working with the next request.')
    .addHelpText('after', '\nExample:\n  $ keyfob operator key remove 5f0c6a9de01b')
    .action(async (id: string, options: CommonOptions) =>
      onDeployment(options, async ({ store }) => {
        if ((await store.removeOperatorKey(id)) === 'unknown') {
          const remedy = 'List them with "keyfob operator key list".';
          throw new OperatorError('operator_key_unknown', `there is no operator key ${id}`, remedy);
        }
        return { json: { keyId: id, removed: true }, text: `removed operator key ${id}` };
      }),
    );
};

const add = async (options: AddOptions): Promise<void> =>
  onDeployment(options, async (context, _deployment, id) => {
    const most = OPERATOR_KEY_MAX_SECONDS / DAY_SECONDS;
    const days = readWholeNumber('--expires-in-days', options.expiresInDays, { least: 1, most });
    const { role, client: clientIds } = options;
    const expiresInSeconds = days * DAY_SECONDS;
    const wanted = { name: readName(options.name), role, clientIds, expiresInSeconds, id };
    const added = await addOperatorKey(context, wanted);
    if (added.outcome === 'invalid') throw ownClientsInvalid(added.fault);
    if (added.outcome === 'too_many') {
      const remedy = 'Remove one with "keyfob operator key remove".';
      throw new OperatorError('operator_keys_full', `there are ${OPERATOR_KEYS_MAX} operator keys`, remedy);
    }
    const json = keyToJson(added.key);
    const rows = [
      ['key id', json.keyId],
      ['role', json.role],
      ...(json.clientIds.length === 0 ? [] : [['clients', json.clientIds.join(' ')]]),
      ['operator key', `${added.text}  (shown only once)`],
      ['expires', showTime(json.expiresAt)],
    ];
    return {
      json: { ...json, operatorKey: added.text },
      text: alignColumns(rows),
      remedyIfLost: `Only its digest is stored. Remove it with "keyfob operator key remove ${json.keyId}", and add another.`,
    };
  });

const keyToJson = ({ id, name, role, clientIds, createdAtMs, expiresAtMs, lastUsedAtMs }: OperatorKey) => ({
  keyId: id,
  name,
  role,
  clientIds,
  createdAt: timeOrNull(createdAtMs),
  expiresAt: timeOrNull(expiresAtMs),
  lastUsedAt: timeOrNull(lastUsedAtMs),
});
