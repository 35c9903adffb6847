import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { KEY_FILE, STORE_FILE, systemClock } from '../exports/index.ts';
import type { Config } from '../exports/index.ts';
import { OperatorError } from '../exports/errors.ts';
import { backupDeployment, inspectStore, restoreDeployment } from '../exports/maintenance.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { print } from './output.ts';
import { createProgressBar } from './progress.ts';

export const addBackup = (program: Command): void => {
  withCommonOptions(program.command('backup <file>'))
    .summary('copy the store into a file while servers run')
    .description(
      'Copies the store as it is at one moment, checks the copy and syncs it to disk. Servers keep running. ' +
        'The key file is not in the copy: back it up too, and in another place.',
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
          'Use another file, or pass --force.',
        );
      }
      if (inspectStore(config) === undefined) {
        throw new OperatorError(
          'store_missing',
          `${config.data}: no store here`,
          'Pass the data directory with --data.',
        );
      }
      refuseOwnFiles(target, config);
      const bar = createProgressBar('pages');
      await backupDeployment(config, target, bar.show);
      bar.end();
      print({ json: { file: target }, text: `wrote ${target}` }, options.json === true);
    });
};

/** A backup must not replace the store or the key ring, not even with `--force`. */
const refuseOwnFiles = (path: string, config: Config): void => {
  const store = resolve(config.data, STORE_FILE);
  const own = [store, `${store}-wal`, `${store}-shm`, config.keyFile ?? resolve(config.data, KEY_FILE)];
  const isSame = (one: string): boolean =>
    existsSync(one) && existsSync(path) ? realpathSync(one) === realpathSync(path) : resolve(one) === path;
  if (!own.some(isSame)) return;
  throw new OperatorError(
    'backup_is_store',
    `${path}: this is the store or the key ring itself`,
    'Use another file.',
  );
};

const GRANTS_SHOWN_MAX = 20;

export const addRestore = (program: Command): void => {
  withCommonOptions(program.command('restore <file>'))
    .summary('replace the store with a backup while servers run')
    .description(
      'Replaces the store with a backup, in one transaction. Clients keep using their tokens: a token newer than the ' +
        'backup moves its grant forward (at most resync-generations of the client). What was revoked, disconnected, ' +
        'disabled, removed or changed in the replaced store since the backup stays so, secrets and policies included. ' +
        'Grants and clients created since the backup are lost, and listed.',
    )
    .option('--replace-damaged', 'replace even a store that no longer opens; stop every server on it first')
    .addHelpText('after', '\nExample:\n  $ keyfob restore /backups/keyfob-2026-11-22.db')
    .action((file: string, options: CommonOptions & { readonly replaceDamaged?: boolean }) => {
      const config = readConfig(options);
      const isDamaged = options.replaceDamaged === true;
      refuseOwnFiles(resolve(file), config);
      const restored = restoreDeployment(config, resolve(file), { isDamaged, nowMs: systemClock() });
      if (restored === undefined) {
        const warning =
          'The replaced store could not be read. Whatever was revoked, disconnected, disabled or removed since the backup works again: repeat those changes.';
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
        lines.push(`lost, because they are newer than the backup: clients ${clientsLost.join(' ')}`);
      }
      if (grantsLost.length > 0) {
        const more = grantsLost.length > GRANTS_SHOWN_MAX ? ' ... (--json lists all)' : '';
        lines.push(
          `lost, because they are newer than the backup: ${grantsLost.length} grants, whose owners have to give consent again`,
        );
        lines.push(`  ${grantsLost.slice(0, GRANTS_SHOWN_MAX).join(' ')}${more}`);
      }
      return print({ json: { restored: file, ...restored }, text: lines.join('\n') }, options.json === true);
    });
};
