import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createAuthorizationServer } from '../exports/index.ts';
import { keyRingNameOf, storeNameOf } from '../exports/index.ts';
import type { Config, Listening } from '../exports/index.ts';
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

export const addServe = (program: Command): void => {
  withCommonOptions(program.command('serve'))
    .summary('serve the endpoints and the pages of owners')
    .description(
      'Serves what clients and owners need, as Smartcar and as Pleos: /oauth/authorize, /v1/auth/login and the pages ' +
        'behind them, and the token endpoints. Makes the data directory, the ' +
        'store and the key file on the first start. SIGTERM and SIGINT finish what is open and exit 0.',
    )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: 8787)')
    .option(
      '--admin-port <number>',
      'port on 127.0.0.1 (or KEYFOB_ADMIN_HOST) for GET /livez, /readyz and /metrics (default: none)',
    )
    .option(
      '--demo',
      'keep a demo client and grant for each dialect, print commands that refresh them, and let simulated owners sign in',
    )
    .option('--public-url <url>', 'the URL under which the world reaches it (default: where it listens)')
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
  // Before it is said that the server listens: whoever reads that may stop it at once.
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

/** How long a stop may take beyond the grace that open requests have. */
const STOP_SLACK_SECONDS = 5;

/** What was answered is on disk, so nothing is lost with what does not end by itself. */
const endOverdue = (): never => {
  process.stderr.write('keyfob: stopping took too long, and was cut short; everything answered is kept\n');
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
    `Keyfob listens on ${url}${publicUrl === url ? '' : `, and is ${publicUrl} to the world`}`,
    `  GET  /oauth/authorize        ask owners as Smartcar's clients do; POST /oauth/token for tokens`,
    `  GET  /v1/auth/login          as Pleos's clients do; POST /v1/auth/token, /v1/auth/token-refresh for tokens`,
    `  GET  /connect                what owners allowed, and its end`,
    ...(adminUrl === undefined ? [] : [`  probes and metrics on ${adminUrl}`]),
    `  store ${storeNameOf(config)}, keys ${keyRingNameOf(config)}`,
  ];
  for (const { dialect, authorizeUrl, curl } of clients) {
    lines.push(
      '',
      `Open this to be asked as an owner for the ${dialect} demo client; the code then stands in the browser's address:`,
      '',
      authorizeUrl,
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
