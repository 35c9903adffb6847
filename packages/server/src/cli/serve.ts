import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  createAuthorizationServer,
  isEveryAddress,
  keyRingNameOf,
  optionOf,
  storeNameOf,
} from '../exports/index.ts';
import type { AuthorizationServer, Config, Emit, Listening } from '../exports/index.ts';
import { DIALECTS } from '../exports/dialects.ts';
import { COMMAND_NAME } from './command/command-name.ts';
import { serveFapiDemo } from './demo/fapi-demo.ts';
import { openDemo } from './demo/demo.ts';
import type { Demo, DemoClient } from './demo/demo.ts';
import { openLineOutput } from './log/line-output.ts';
import { createLog, formOf } from './log/log.ts';
import { readConfig, withCommonOptions } from './command/options.ts';
import type { CommonOptions } from './command/options.ts';
import { exitSoon, renderReport } from './command/output.ts';
import { untilStopped } from './stop-signals.ts';
import { needProcess } from './command/terminal.ts';

type ServeOptions = CommonOptions & {
  readonly host?: string;
  readonly port?: string;
  readonly socket?: string;
  readonly adminPort?: string;
  readonly demo?: boolean;
  readonly demoFapi?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly redirectUri?: string;
  readonly trustClock?: boolean;
  readonly publicUrl?: string;
  readonly insecurePublicUrl?: boolean;
  readonly logLevel?: string;
};

export const addServe = (program: Command): void => {
  withCommonOptions(program.command('serve'))
    .summary('run the server: endpoints for clients, pages for owners')
    .description(
      "Runs the server: the endpoints of every dialect and the owners' pages. The first start makes the data " +
        'directory, the store and the key file. On SIGTERM, SIGINT or SIGHUP the server finishes open requests and exits with 0.',
    )
    .option(...optionOf('host'))
    .option(...optionOf('port'))
    .option(...optionOf('socket'))
    .option(...optionOf('adminPort'))
    .option(...optionOf('demo'))
    .option(
      '--demo-fapi',
      'over TLS, with clients of the FAPI 2.0 profile, a protected resource and simulated owners: ready for a conformance suite',
    )
    .option('--tls-cert <file>', 'with --demo-fapi: certificate chain in PEM (default: a self-signed one)')
    .option('--tls-key <file>', 'with --demo-fapi: private key of the certificate in PEM')
    .option(
      '--redirect-uri <uri>',
      'with --demo-fapi: where its clients are called back (default: the callback of a suite on this machine)',
    )
    .option(...optionOf('publicUrl'))
    .option(...optionOf('insecurePublicUrl'))
    .option(...optionOf('trustClock'))
    .option(...optionOf('logLevel'))
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob serve --demo
  $ keyfob serve --demo-fapi --port 8444
  $ keyfob serve --data /var/lib/keyfob --host 0.0.0.0 --port 8787
  $ keyfob serve --socket /run/keyfob/public.sock \\
      --public-url https://cars.example
  $ KEYFOB_STORE=postgres://keyfob:PASSWORD@db/keyfob \\
      keyfob serve --key-file /run/secrets/keyfob.key
  $ KEYFOB_KEY="$(cat /run/secrets/keyfob-keys)" keyfob serve --port 0 --json`,
    )
    .action(serve);
};

const serve = async (options: ServeOptions): Promise<void> => {
  const { host, port, socket, adminPort, logLevel } = options;
  const { publicUrl, insecurePublicUrl, trustClock, demo: isDemo } = options;
  const config = readConfig(options, {
    host,
    port,
    socket,
    adminPort,
    logLevel,
    publicUrl,
    insecurePublicUrl,
    trustClock,
    demo: isDemo,
  });
  needProcess(options.terminal, 'serve');
  let report: Emit | undefined;
  const form = formOf(options.json === true, options.terminal.environment);
  const log = createLog(config.logLevel, (event) => (report ?? log.emit)(event), form);
  if (options.demoFapi === true) return serveFapi(config, log, options);
  let demo: Demo | undefined;
  try {
    const server = await createAuthorizationServer(config, {
      emit: (event) => {
        log.emit(event);
        demo?.follow(event);
      },
      logLines: log.lines,
      demoClients: { find: (dialect) => demo?.clients.find(dialect) },
    });
    ({ report } = server);
    try {
      if (config.demo) demo = await openDemo(server.deployment, config);
      await serveUntilStopped(server, config, demo, options.json === true);
    } finally {
      await server.close();
    }
  } finally {
    log.end();
    exitSoon();
  }
};

const serveFapi = async (
  config: Config,
  log: ReturnType<typeof createLog>,
  { tlsCert, tlsKey, redirectUri, json }: ServeOptions,
): Promise<void> => {
  try {
    const demo = await serveFapiDemo(config, log.emit, { tlsCert, tlsKey, redirectUri });
    const stopped = untilStopped();
    openLineOutput(1).write(`${renderReport(demo.report, json === true)}\n`);
    await stopped;
    await demo.close();
  } finally {
    log.end();
    exitSoon();
  }
};

const serveUntilStopped = async (
  server: AuthorizationServer,
  config: Config,
  demo: Demo | undefined,
  isJson: boolean,
): Promise<void> => {
  const listening = await server.listen();
  // Before the server reports that it listens, because a reader of that report may stop it at once.
  const stopped = untilStopped();
  const { publicUrl } = server;
  const url = config.socket === undefined ? listening.url : publicUrl;
  const clients = (await demo?.begin({ url, publicUrl })) ?? [];
  const json = {
    event: 'listening',
    url: listening.url,
    publicUrl,
    adminUrl: listening.adminUrl,
    pid: process.pid,
    data: resolve(config.data),
    store: storeNameOf(config),
    ...(demo === undefined ? {} : { demo: clients }),
  };
  const text = describe({ ...listening, publicUrl }, config, clients);
  // A server serves, whether anyone reads this or not.
  openLineOutput(1).write(`${renderReport({ json, text }, isJson)}\n`);
  await stopped;
  const overdueMs = (config.shutdownGraceSeconds + STOP_SLACK_SECONDS) * 1000;
  setTimeout(endOverdue, overdueMs).unref();
};

/** How long a stop may take beyond the grace for open requests. */
const STOP_SLACK_SECONDS = 5;

/** Everything answered is on disk, so ending the process loses nothing. */
const endOverdue = (): never => {
  process.stderr.write(
    'keyfob: stopping took too long, so the process ends now; everything answered is on disk\n',
  );
  process.exit(1);
};

const describe = (
  { url, adminUrl, publicUrl }: Listening & { readonly publicUrl: string },
  config: Config,
  clients: readonly DemoClient[],
): string => {
  const lines = [
    `Keyfob listens on ${url}${publicUrl === url ? '' : `; its public URL is ${publicUrl}`}`,
    ...Object.values(DIALECTS).map(
      ({ title, tokenEndpoints }) =>
        `  ${title} clients get tokens at ${Object.keys(tokenEndpoints).join(', ')}`,
    ),
    `  owners see and remove access at ${publicUrl}/connect`,
    ...(config.publicUrl === undefined && isEveryAddress(config.host)
      ? ['  clients on other machines need the URL by which they reach it: set --public-url']
      : []),
    ...(adminUrl === undefined ? [] : [`  the console, probes and metrics are at ${adminUrl}`]),
    `  store ${storeNameOf(config)}, key ring ${keyRingNameOf(config)}`,
  ];
  for (const { dialect, authorizeUrl, curl } of clients) {
    lines.push(
      '',
      `Open this link to give consent to the ${dialect} client as a demo owner; the page after it exchanges the code:`,
      '',
      authorizeUrl,
      '',
      `Refresh the ${dialect} demo grant, as often as you like; the command reads the newest token itself:`,
      '',
      curl,
    );
  }
  const next = clients.length > 0 ? 'Create a client of your own' : 'Create a client';
  lines.push('', `${next}: ${COMMAND_NAME} client create --help. Stop with Ctrl-C.`);
  return lines.join('\n');
};
