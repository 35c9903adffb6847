import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import { consentOn, exchangeCode } from '../support/consented-grant.ts';
import { removeDataDirectory, startKeyfob, UNTHROTTLED } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { DOCUMENT } from './described.ts';

const HELP = `Usage: node --conditions=keyfob-source packages/trials/openapi/schemathesis.ts [options]

Lets Schemathesis send generated requests to a real server, and compare its answers with /openapi.json: no status, no
content type and no body that is not described, and no 5xx. Skipped, with a line that says so, where Schemathesis is not
installed (Python: pip install schemathesis). Exits 1 if something is not as described.

Options:
  --examples <number>  generated requests of each operation (default: 200)
  --seed <number>      seed of the requests (default: random; Schemathesis prints it)
  --help               print this

Examples:
  $ npm run trial:openapi
  $ npm run trial:openapi -- --examples 20 --seed 7`;

const PROGRAM = 'schemathesis';
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

/** The dialect whose client and token the operations of a tag are called with. */
const dialectOf = (tag: string): Dialect =>
  Object.values(DIALECTS).find(({ title }) => title === tag) ?? DIALECTS.smartcar;

/** The access token of a grant: where the dialect has calls about vehicles, an owner shares some. */
const openGrant = async (server: KeyfobServer, { name }: Dialect, client: MadeClient): Promise<string> => {
  if (name === 'smartcar' || name === 'pleos') {
    const consented = await consentOn(server, name, client);
    return (await exchangeCode[name](server.url, client, consented)).accessToken;
  }
  const { clientId } = client;
  const words = ['grant', 'create', '--client', clientId, '--subject', 'owner-1'];
  return (await server.command<MadeGrant>(...words)).accessToken;
};

/** Writes the credentials of a new client and the access token of its grant where Schemathesis reads them. */
const writeCredentials = async (server: KeyfobServer, dialect: Dialect, file: string): Promise<void> => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', dialect.name);
  const accessToken = await openGrant(server, dialect, client);
  const lines = [
    '[auth.openapi.clientBasic]',
    `username = "${client.clientId}"`,
    `password = "${client.clientSecret}"`,
    '[auth.openapi.accessToken]',
    `bearer = "${accessToken}"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
};

/** The exit code of Schemathesis; `undefined` where it cannot be started. */
const run = async (args: readonly string[], options: SpawnOptions): Promise<number | undefined> => {
  const child = spawn(PROGRAM, args, options);
  try {
    const [code] = (await once(child, 'close')) as [number];
    return code;
  } catch {
    return undefined;
  }
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      examples: { type: 'string', default: '200' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if ((await run(['--version'], { stdio: 'ignore' })) !== 0)
    return console.log(`skipped: ${PROGRAM} is not installed (pip install schemathesis)`);
  const server = await startKeyfob({ environment: UNTHROTTLED });
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-openapi-'));
  try {
    for (const { name: tag } of DOCUMENT.tags) {
      const file = join(directory, 'schemathesis.toml');
      await writeCredentials(server, dialectOf(tag), file);
      const seed = values.seed === undefined ? [] : ['--seed', values.seed];
      const where = ['--config-file', file, 'run', `${server.url}/openapi.json`, '--include-tag', tag];
      const what = ['--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing'];
      const howMuch = ['--max-examples', values.examples, ...seed];
      const code = await run([...where, ...what, ...howMuch], { cwd: directory, stdio: 'inherit' });
      if (code !== 0) process.exitCode = 1;
    }
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
    removeDataDirectory(server.dataDirectory);
  }
};

await main();
