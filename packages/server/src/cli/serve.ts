import { resolve } from 'node:path';
import type { Command } from 'commander';
import { KEY_FILE, openDeployment, startAuthorizationServer, STORE_FILE } from '../authorization-server.ts';
import type { AuthorizationServer } from '../authorization-server.ts';
import type { Config } from '../config.ts';
import { openDemo } from './demo.ts';
import type { DemoClient } from './demo.ts';
import { createLog } from './log.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { print } from './output.ts';

type ServeOptions = CommonOptions & {
  readonly host?: string;
  readonly port?: string;
  readonly demo?: boolean;
  readonly logLevel?: string;
};

export const addServe = (program: Command): void => {
  withCommonOptions(program.command('serve'))
    .summary('serve both token endpoints')
    .description(
      'Serves POST /oauth/token (Smartcar) and POST /v1/auth/token-refresh (Pleos). Makes the data directory, the ' +
        'store and the key file on the first start. SIGTERM and SIGINT finish what is open and exit 0.',
    )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: 8787)')
    .option('--demo', 'keep a demo client and grant for each dialect, and print commands that refresh them')
    .option(
      '--log-level <level>',
      'debug, info, warn, error or silent; JSON lines on standard error (default: info)',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob serve --demo
  $ keyfob serve --data /var/lib/keyfob --host 0.0.0.0 --port 8787
  $ KEYFOB_KEY="$(cat /run/secrets/keyfob-keys)" keyfob serve --port 0 --json`,
    )
    .action(serve);
};

const serve = async (options: ServeOptions): Promise<void> => {
  const { host, port, logLevel } = options;
  const config = readConfig(options, { host, port, logLevel });
  const log = createLog(config.logLevel);
  const deployment = await openDeployment(config, { isFirstStart: true, emit: log });
  let server: AuthorizationServer;
  let demo;
  try {
    demo = options.demo === true ? await openDemo(deployment, config, Date.now()) : undefined;
    const follow = demo?.follow;
    server = await startAuthorizationServer(deployment, config, (event) => {
      log(event);
      follow?.(event);
    });
  } catch (error) {
    await deployment.close();
    throw error;
  }
  const clients = demo?.describe(server.url) ?? [];
  const listening = { event: 'listening', url: server.url, pid: process.pid, data: resolve(config.data) };
  print(
    {
      json: { ...listening, ...(demo === undefined ? {} : { demo: clients }) },
      text: describe(server.url, config, clients),
    },
    options.json === true,
  );
  await untilStopped();
  await server.close();
};

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
const untilStopped = (): Promise<void> =>
  new Promise((stopped) => {
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) process.exit(1);
      isStopping = true;
      stopped();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });

const describe = (url: string, config: Config, clients: readonly DemoClient[]): string => {
  const keys =
    config.key === undefined ? (config.keyFile ?? `${resolve(config.data)}/${KEY_FILE}`) : 'KEYFOB_KEY';
  const lines = [
    `Keyfob listens on ${url}`,
    `  POST /oauth/token            refresh as Smartcar's clients do`,
    `  POST /v1/auth/token-refresh  refresh as Pleos's clients do`,
    `  store ${resolve(config.data)}/${STORE_FILE}, keys ${keys}`,
  ];
  for (const { dialect, curl } of clients) {
    lines.push(
      '',
      `Refresh the ${dialect} demo grant, as often as you like; it reads the newest token itself:`,
      '',
      curl,
    );
  }
  const next = clients.length > 0 ? 'A client of your own' : 'A client';
  lines.push('', `${next}: npx keyfob client create --dialect smartcar. Stop with Ctrl-C.`);
  return lines.join('\n');
};
