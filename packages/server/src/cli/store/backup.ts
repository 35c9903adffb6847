import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { KEY_FILE, STORE_FILE, systemClock } from '../../exports/index.ts';
import type { Config } from '../../exports/index.ts';
import { OperatorError } from '../../exports/errors.ts';
import { backupDeployment, inspectStore, restoreDeployment } from '../../exports/maintenance.ts';
import type { Restored } from '../../exports/maintenance.ts';
import { addressOf, noteMaintenance } from './audited-maintenance.ts';
import { readConfig, withCommonOptions } from '../command/options.ts';
import type { CommonOptions } from '../command/options.ts';
import { print } from '../command/output.ts';
import { createProgressBar } from '../command/progress.ts';
import { REASON_OPTION } from '../command/reason-option.ts';

export const addBackup = (program: Command): void => {
  withCommonOptions(program.command('backup <file>'))
    .summary('copy the store into a file while servers run')
    .description(
      'Copies the store as it is at one moment, checks the copy and syncs it to disk. Servers keep running. ' +
        'The key file is not in the copy: back it up too, and in another place.',
    )
    .option('--force', 'replace the file if it exists')
    .option(...REASON_OPTION)
    .addHelpText('after', '\nExample:\n  $ keyfob backup /backups/keyfob-2026-11-22.db')
    .action(
      async (
        file: string,
        options: CommonOptions & { readonly force?: boolean; readonly reason?: string },
      ) => {
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
        const { terminal, reason } = options;
        const wanted = { action: 'store.backup', reason, details: { file: target } };
        await noteMaintenance(addressOf(config), terminal, wanted);
        const bar = createProgressBar(options.terminal.errors, 'pages');
        await backupDeployment(config, target, bar.show);
        bar.end();
        await print({ json: { file: target }, text: `wrote ${target}` }, options);
      },
    );
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

const UNREADABLE =
  'The replaced store could not be read, so the grants are as they were at the backup. Undone, until you repeat it: what was ' +
  'revoked, disconnected, disabled, removed or changed since, secrets and policies included. A refresh token that was used since ' +
  'works again until the client refreshes with its newest one, and a code that was used since until it expires. A key that was ' +
  'compromised or retired since is accepted again. Grants and ' +
  'clients created since the backup are lost.';

type RestoreOptions = CommonOptions & { readonly replaceDamaged?: boolean; readonly reason?: string };

export const addRestore = (program: Command): void => {
  withCommonOptions(program.command('restore <file>'))
    .summary('replace the store with a backup while servers run')
    .description(
      'Replaces the store with a backup, in one transaction. Clients keep using their tokens: a token newer than the ' +
        'backup moves its grant forward (at most resync-generations of the client). What was used, revoked, disconnected, ' +
        'disabled, removed or changed in the replaced store since the backup stays so, secrets and policies included. ' +
        'Grants and clients created since the backup are lost, and listed; so are grants that come back because they were ' +
        'removed since.',
    )
    .option(...REASON_OPTION)
    .option('--replace-damaged', 'replace even a store that no longer opens; stop every server on it first')
    .addHelpText('after', '\nExample:\n  $ keyfob restore /backups/keyfob-2026-11-22.db')
    .action(async (file: string, options: RestoreOptions) => {
      const config = readConfig(options);
      const isDamaged = options.replaceDamaged === true;
      refuseOwnFiles(resolve(file), config);
      const { terminal, reason } = options;
      const wanted = { action: 'store.restore', reason, details: { file: resolve(file), isDamaged } };
      const address = addressOf(config);
      const restored = await restoreDeployment(config, resolve(file), { isDamaged, nowMs: systemClock() });
      // Not before: one that fails changes nothing, and the log of the backup may replace the one at hand.
      await noteMaintenance(address, terminal, wanted);
      if (restored === undefined) {
        return print(
          { json: { restored: file, warning: UNREADABLE }, text: `restored ${file}\n${UNREADABLE}` },
          options,
        );
      }
      const lines = [
        `restored ${file}: ${restored.clients} clients, ${restored.grants} grants`,
        ...describe(restored),
      ];
      return print({ json: { restored: file, ...restored }, text: lines.join('\n') }, options);
    });
};

const describe = (restored: Restored): readonly string[] => {
  const { rotationsKept, revocationsKept, reinstatementsKept, clientsKeptDisabled } = restored;
  const { grantsLost, clientsLost, grantsBroughtBack } = restored;
  const kept =
    restored.newer === 'store'
      ? `kept from the replaced store: policies, secrets, vehicles, ${rotationsKept} later generations, ${revocationsKept} revocations, ${reinstatementsKept} reinstatements, ${clientsKeptDisabled} disabled or removed clients`
      : `the backup is newer than the replaced store; kept from the store: ${rotationsKept} later generations, ${revocationsKept} revocations, ${clientsKeptDisabled} disabled clients`;
  return [
    kept,
    ...(clientsLost.length === 0
      ? []
      : [`lost, because the backup does not have them: clients ${clientsLost.join(' ')}`]),
    ...(grantsLost.length === 0
      ? []
      : [
          `lost, because the backup does not have them: ${grantsLost.length} grants, whose owners have to give consent again`,
          listGrants(grantsLost),
        ]),
    ...(grantsBroughtBack.length === 0
      ? []
      : [
          `came back, although the replaced store had removed them: ${grantsBroughtBack.length} grants; revoke those that had been revoked`,
          listGrants(grantsBroughtBack),
        ]),
  ];
};

const listGrants = (ids: readonly string[]): string =>
  `  ${ids.slice(0, GRANTS_SHOWN_MAX).join(' ')}${ids.length > GRANTS_SHOWN_MAX ? ' ... (--json lists all)' : ''}`;
