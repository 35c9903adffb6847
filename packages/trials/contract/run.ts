import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Runs the contract suite of a store one or more times.

  npm run contract -- [--store sqlite|memory|all] [--times N]

  --store   which store; sqlite includes its migrations (default: all)
  --times   how many times; ids and races differ each time (default: 1)

Example:
  $ npm run contract -- --store sqlite --times 50`;

const FILES = {
  sqlite: ['sqlite.test.ts', 'migrations.test.ts'],
  memory: ['memory.test.ts'],
  all: ['sqlite.test.ts', 'migrations.test.ts', 'memory.test.ts'],
} as const;

const isStore = (name: string): name is keyof typeof FILES => Object.hasOwn(FILES, name);

const usage = (what: string): never => {
  process.stderr.write(`${what}\n\n${HELP}\n`);
  process.exit(2);
};

const readOptions = () => {
  try {
    const { values } = parseArgs({
      options: {
        store: { type: 'string', default: 'all' },
        times: { type: 'string', default: '1' },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : '');
  }
};

const { store, times, help } = readOptions();
if (help === true) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
if (!isStore(store)) usage(`--store must be sqlite, memory or all, not ${store}`);
if (!/^[1-9][0-9]{0,5}$/.test(times)) usage('--times must be a whole number of at least 1');
const files = (isStore(store) ? FILES[store] : []).map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);
for (let time = 0; time < Number(times); time++) {
  const args = ['--conditions=keyfob-source', '--test', ...files];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
