import { Option } from 'commander';
import type { Command } from 'commander';
import { createLoginLink, faultOfOwnClients, LINK_SECONDS, optionOf } from '../../exports/index.ts';
import type { Config } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import { ROLES } from '../../exports/operators.ts';
import type { Role } from '../../exports/operators.ts';
import { onDeployment, readConfig, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { ownClientsInvalid } from './own-clients.ts';
import { osOperator } from '../command/os-user.ts';

type LoginOptions = CommonOptions & {
  readonly role: Role;
  readonly client?: readonly string[];
  readonly adminPort?: string;
};

export const addConsole = (program: Command): void => {
  const console = program
    .command('console')
    .summary('sign in to the console in a browser')
    .description('The console runs on the admin listener of "keyfob serve --admin-port".');
  withCommonOptions(console.command('login'))
    .description(
      'Prints a link that signs one person in to the console, once, within five minutes. Run it where the store is; open the link where the admin listener can be reached.',
    )
    .addOption(new Option('--role <role>', 'what the person may do').choices(ROLES).default('admin'))
    .option('--client <id...>', 'for the role developer: the clients that the person works with')
    .option(...optionOf('adminPort'))
    .addHelpText('after', '\nExample:\n  $ keyfob console login --role support --admin-port 8788')
    .action(login);
  withCommonOptions(console.command('logout'))
    .description(
      'Ends every session and every unused link of the console, of everybody. Use it when a cookie or a link may be in the wrong hands, or when somebody leaves. Operator keys stay.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob console logout --reason "a laptop was lost"')
    .action(logout);
};

const login = async (options: LoginOptions): Promise<void> => {
  const flags = { adminPort: options.adminPort };
  const url = consoleUrlOf(readConfig(options, flags));
  await onDeployment(
    options,
    async (context) => {
      const { name } = osOperator(options.terminal.environment);
      const { role, client: clientIds = [] } = options;
      const fault = await faultOfOwnClients(context, role, clientIds);
      if (fault !== undefined) throw ownClientsInvalid(fault);
      const own = role === 'developer' ? { clientIds: [...new Set(clientIds)] } : {};
      const operator = { kind: 'link', id: name, name, role, ...own } as const;
      const secret = await createLoginLink(context, operator);
      const link = `${url}/console/login?link=${secret}`;
      return {
        json: { link, role: options.role, expiresInSeconds: LINK_SECONDS },
        text: `${link}\n\nIt works once, within ${LINK_SECONDS / 60} minutes, as ${options.role}.`,
        remedyIfLost: 'Run the command again.',
      };
    },
    { flags },
  );
};

const logout = async (options: CommonOptions): Promise<void> =>
  onDeployment(options, async ({ store }) => {
    const ended = await store.endOperatorSessions();
    return {
      json: { ended },
      text: `ended ${ended} ${ended === 1 ? 'session or link' : 'sessions and links'}`,
    };
  });

/** Where browsers reach the admin listener. Throws `OperatorError` where that is unknown. */
const consoleUrlOf = ({ adminPublicUrl, adminHost, adminPort = 0 }: Config): string => {
  if (adminPublicUrl !== undefined) return adminPublicUrl;
  if (adminPort === 0) {
    throw new OperatorError(
      'admin_port_missing',
      'the port of the admin listener is unknown',
      'Give the port that the server listens on: --admin-port, KEYFOB_ADMIN_PORT or adminPort in the file; or set KEYFOB_ADMIN_PUBLIC_URL.',
    );
  }
  const host = ['0.0.0.0', '::'].includes(adminHost) ? '127.0.0.1' : adminHost;
  return `http://${host.includes(':') ? `[${host}]` : host}:${adminPort}`;
};
