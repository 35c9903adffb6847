import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backupDeployment, inspectStore, restoreDeployment } from '../deployment/maintenance.ts';
import { KEY_FILE, STORE_FILE } from '../deployment/names.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { print } from './output.ts';
import { createProgressBar } from './progress.ts';

export const addBackup = (program: Command): void => {
  withCommonOptions(program.command('backup <file>'))
    .summary('copy the store into a file, while serving')
    .description(
      'Copies the store as it is at one moment, checks the copy and syncs it to disk. Servers go on meanwhile. ' +
        'The key file is not in it: back that up too, and apart from it.',
    )
    .option('--force', 'replace the file if it exists')
    .addHelpText('after', '\nExample:\n  $ keyfob backup /backups/keyfob-2026-11-22.db')
    .action(async (file: string, options: CommonOptions & { readonly force?: boolean }) => {
      const config = readConfig(options);
      const target = resolve(file);
      if (existsSync(target) && options.force !== true) {
        throw new OperatorError(
          'backup_exists',
          `${target}: the file exists`,
          'Name another file, or pass --force.',
        );
      }
      if (inspectStore(config) === undefined) {
        throw new OperatorError(
          'store_missing',
          `${config.data}: there is no store here`,
          'Name the data directory by --data.',
        );
      }
      refuseOwnFiles(target, config);
      const bar = createProgressBar('pages');
      await backupDeployment(config, target, bar.show);
      bar.end();
      print({ json: { file: target }, text: `wrote ${target}` }, options.json === true);
    });
};

/** A backup is never one of the files it is made from, nor the key ring, with or without `--force`. */
const refuseOwnFiles = (path: string, config: Config): void => {
  const store = resolve(config.data, STORE_FILE);
  const own = [store, `${store}-wal`, `${store}-shm`, config.keyFile ?? resolve(config.data, KEY_FILE)];
  const isSame = (one: string): boolean =>
    existsSync(one) && existsSync(path) ? realpathSync(one) === realpathSync(path) : resolve(one) === path;
  if (!own.some(isSame)) return;
  throw new OperatorError(
    'backup_is_store',
    `${path}: is the store or the key ring itself`,
    'Name another file.',
  );
};

const GRANTS_SHOWN_MAX = 20;

export const addRestore = (program: Command): void => {
  withCommonOptions(program.command('restore <file>'))
    .summary('put a backup in the place of the store, while serving')
    .description(
      'Puts a backup in the place of the store, in one transaction. Clients go on with the tokens they hold: a token ' +
        "newer than the backup moves its grant forward (up to the client's resync-generations). Grants that were revoked, " +
        'vehicles that were disconnected, clients that were disabled or removed, policies and secrets that were changed since ' +
        'the backup stay so. Grants made since the backup are lost, and named.',
    )
    .option('--replace-damaged', 'even where the store no longer opens; stop every server on it first')
    .addHelpText('after', '\nExample:\n  $ keyfob restore /backups/keyfob-2026-11-22.db')
    .action((file: string, options: CommonOptions & { readonly replaceDamaged?: boolean }) => {
      const config = readConfig(options);
      const isDamaged = options.replaceDamaged === true;
      refuseOwnFiles(resolve(file), config);
      const restored = restoreDeployment(config, resolve(file), { isDamaged, nowMs: Date.now() });
      if (restored === undefined) {
        const warning =
          'There was no readable store to replace. What was revoked, disconnected, disabled or removed since the backup works again: end it anew.';
        return print(
          { json: { restored: file, warning }, text: `restored ${file}\n${warning}` },
          options.json === true,
        );
      }
      const { clients, grants, revocationsKept, reinstatementsKept, clientsKeptDisabled } = restored;
      const { grantsLost, clientsLost } = restored;
      const lines = [
        `restored ${file}: ${clients} clients, ${grants} grants`,
        `kept from the replaced store: policies, secrets, vehicles, ${revocationsKept} revocations, ${reinstatementsKept} reinstatements, ${clientsKeptDisabled} disabled or removed clients`,
      ];
      if (clientsLost.length > 0) {
        lines.push(`lost, because they are younger than the backup: clients ${clientsLost.join(' ')}`);
      }
      if (grantsLost.length > 0) {
        const more = grantsLost.length > GRANTS_SHOWN_MAX ? ' ... (all of them with --json)' : '';
        lines.push(
          `lost, because they are younger than the backup: ${grantsLost.length} grants, whose owners have to consent again`,
        );
        lines.push(`  ${grantsLost.slice(0, GRANTS_SHOWN_MAX).join(' ')}${more}`);
      }
      return print({ json: { restored: file, ...restored }, text: lines.join('\n') }, options.json === true);
    });
};
