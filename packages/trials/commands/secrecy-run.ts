import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Searches everything that a busy run writes for every secret and token minted in it.

  npm run secrecy -- [--turns N]

  --turns   refreshes in each dialect (default: 40)

Example:
  $ npm run secrecy -- --turns 2000`;

const usage = (what: string): never => {
  process.stderr.write(`${what}\n\n${HELP}\n`);
  process.exit(2);
};

const readOptions = () => {
  try {
    return parseArgs({ options: { turns: { type: 'string', default: '40' }, help: { type: 'boolean' } } })
      .values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : '');
  }
};

const { turns, help } = readOptions();
if (help === true) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
if (!/^[1-9][0-9]{1,5}$/.test(turns)) usage('--turns must be a whole number of at least 10');
const file = fileURLToPath(new URL('secrecy.test.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--conditions=keyfob-source', '--test', file], {
  stdio: 'inherit',
  env: { ...process.env, SECRECY_TURNS: turns },
});
process.exit(status ?? 1);
