import type { Command } from 'commander';
import { PACKAGE_VERSION } from '../exports/index.ts';
import { alignColumns, print } from './command/output.ts';
import type { CommandTerminal } from './command/terminal.ts';

type VersionOptions = { readonly json?: boolean; readonly terminal: CommandTerminal };

export const addVersion = (program: Command): void => {
  program
    .command('version')
    .summary('show the versions of keyfob, Node and SQLite')
    .description('Shows what runs here: name these versions when you report a fault.')
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', '\nExample:\n  $ keyfob version --json')
    .action(show);
};

const show = async (options: VersionOptions): Promise<void> => {
  const { platform, arch, versions } = process;
  const json = {
    keyfob: PACKAGE_VERSION,
    node: versions.node,
    sqlite: versions['sqlite'] ?? null,
    openssl: versions.openssl,
    platform: `${platform} ${arch}`,
  };
  const rows = Object.entries(json).map(([name, value]) => [name, value ?? '-']);
  await print({ json, text: alignColumns(rows) }, options);
};
