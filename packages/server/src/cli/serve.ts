import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DIALECTS } from '../dialects/dialects.ts';
import { createAuthorizationServer, keyRingNameOf, storeNameOf } from '../exports/index.ts';
import type { Config, Listening } from '../exports/index.ts';
import { COMMAND_NAME } from './command-name.ts';
import { openDemo } from './demo.ts';
import type { Demo, DemoClient } from './demo.ts';
import { createLog } from './log.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { print } from './output.ts';

type ServeOptions = CommonOptions & {
  readonly host?: string;
  readonly port?: string;
  readonly adminPort?: string;
  readonly demo?: boolean;
  readonly publicUrl?: string;
  readonly logLevel?: string;
};

const TITLES = Object.values(DIALECTS)
  .map(({ title }) => title)
  .join(', ');

export const addServe = (program: Command): void => {
  withCommonOptions(program.command('serve'))
    .summary('run the authorization server')
    .description(
      `Serves the token endpoints of every dialect (${TITLES}) and the pages on which owners sign in, give consent and ` +
        'remove access. The first start creates the data directory, the store and the key file. SIGTERM and SIGINT let open ' +
        'requests finish and exit with 0.',
    )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 picks a free one (default: 8787)')
    .option(
      '--admin-port <number>',
      'port on 127.0.0.1 (or KEYFOB_ADMIN_HOST) for /livez, /readyz and /metrics (default: none)',
    )
    .option(
      '--demo',
      'create a demo client and grant per dialect, print commands that use them, and let simulated owners sign in',
    )
    .option('--public-url <url>', 'the URL that clients and owners use (default: where it listens)')
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
  $ KEYFOB_STORE=postgres://keyfob:PASSWORD@db/keyfob keyfob serve --key-file /run/secrets/keyfob.key
  $ KEYFOB_KEY="$(cat /run/secrets/keyfob-keys)" keyfob serve --port 0 --json`,
    )
    .action(serve);
};

const serve = async (options: ServeOptions): Promise<void> => {
  const { host, port, adminPort, logLevel, publicUrl, demo: isDemo } = options;
  const config = readConfig(options, { host, port, adminPort, logLevel, publicUrl, demo: isDemo });
  const log = createLog(config.logLevel);
  let demo: Demo | undefined;
  const server = await createAuthorizationServer(config, {
    emit: (event) => {
      log(event);
      demo?.follow(event);
    },
  });
  let listening: Listening;
  try {
    if (config.demo) demo = await openDemo(server.deployment, config, Date.now());
    listening = await server.listen();
  } catch (error) {
    await server.close();
    throw error;
  }
  // Before the listening message is printed, because its reader may stop the server at once.
  const stopped = untilStopped();
  const { publicUrl: issuer } = server;
  const clients = demo?.describe(listening.url, issuer) ?? [];
  const report = {
    event: 'listening',
    url: listening.url,
    publicUrl: issuer,
    adminUrl: listening.adminUrl,
    pid: process.pid,
    data: resolve(config.data),
    store: storeNameOf(config),
  };
  print(
    {
      json: { ...report, ...(demo === undefined ? {} : { demo: clients }) },
      text: describe({ ...listening, publicUrl: issuer }, config, clients),
    },
    options.json === true,
  );
  await stopped;
  const overdueMs = (config.shutdownGraceSeconds + STOP_SLACK_SECONDS) * 1000;
  setTimeout(endOverdue, overdueMs).unref();
  await server.close();
};

/** How much longer than the grace of open requests a stop may take. */
const STOP_SLACK_SECONDS = 5;

/** Everything answered is on disk, so nothing is lost. */
const endOverdue = (): never => {
  process.stderr.write(
    'keyfob: the server took too long to stop and was ended; everything it answered is stored\n',
  );
  process.exit(1);
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

const describe = (
  { url, adminUrl, publicUrl }: Listening & { readonly publicUrl: string },
  config: Config,
  clients: readonly DemoClient[],
): string => {
  const lines = [
    `Keyfob listens on ${url}${publicUrl === url ? '' : `, and its public URL is ${publicUrl}`}`,
    ...Object.values(DIALECTS).flatMap(({ title, authorization, tokenEndpoints }) => [
      `  ${title}: owners give consent at ${authorization.path}`,
      `  ${title}: tokens at ${Object.keys(tokenEndpoints).join(', ')}`,
    ]),
    '  Owners see and remove access at /connect',
    ...(adminUrl === undefined ? [] : [`  Probes and metrics at ${adminUrl}`]),
    `  Store ${storeNameOf(config)}, keys ${keyRingNameOf(config)}`,
  ];
  for (const { dialect, authorizeUrl, curl } of clients) {
    lines.push(
      '',
      `Demo client for ${dialect}. Open this link to give consent as a demo owner, then copy \`code\` from the address bar:`,
      '',
      authorizeUrl,
      '',
      'Refresh its demo grant with this command, as often as you like. It reads the newest token by itself:',
      '',
      curl,
    );
  }
  const [dialect] = Object.keys(DIALECTS);
  const next = clients.length > 0 ? 'Register your own client' : 'Register a client';
  lines.push('', `${next}: ${COMMAND_NAME} client create --dialect ${dialect}. Stop with Ctrl-C.`);
  return lines.join('\n');
};
