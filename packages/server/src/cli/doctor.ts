import { existsSync, statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { openDeployment, STORE_FILE } from '../exports/index.ts';
import type { Config, Deployment } from '../exports/index.ts';
import { OperatorError } from '../exports/errors.ts';
import { readNow } from '../exports/grants.ts';
import { inspectStore, isOpenToOthers } from '../exports/maintenance.ts';
import { examineClock } from './doctor-clock.ts';
import { examineKeyFile, examineKeys } from './doctor-keys.ts';
import { examineDirectory } from './doctor-directory.ts';
import { examineSharedStore } from './doctor-postgres.ts';
import { examineIssuer } from './doctor-issuer.ts';
import { examineScopes } from './doctor-scopes.ts';
import { examineLog } from './doctor-log.ts';
import { examineForwarding, examineGuessing, examineSecrets } from './doctor-secrets.ts';
import { examineTls } from './doctor-tls.ts';
import { bad, ok, warnOf } from './finding.ts';
import type { Finding } from './finding.ts';
import { readConfig, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { alignColumns, print } from './output.ts';

const NODE_MAJOR_MIN = 24;
const SPACE_WARN_BYTES = 256 * 1024 * 1024;
const SPACE_FAIL_BYTES = 1024 * 1024;

export const addDoctor = (program: Command): void => {
  withCommonOptions(program.command('doctor'))
    .summary('check the store, its files, keys, clients, disk, clock, TLS')
    .description(
      'Checks a store and prints one line per check, with a remedy where something is wrong. Exits with 1 if a check fails.',
    )
    .addHelpText('after', '\nExample:\n  $ keyfob doctor --data /var/lib/keyfob')
    .action(async (options: CommonOptions) => {
      const findings = await examine(readConfig(options));
      const rows = findings.flatMap(({ check, verdict, finding, remedy }) => [
        [verdict, check, finding],
        ...(remedy === null ? [] : [['', '', `-> ${remedy}`]]),
      ]);
      const isHealthy = findings.every(({ verdict }) => verdict !== 'fail');
      await print(
        { json: { healthy: isHealthy, findings }, text: alignColumns(rows), isFailure: !isHealthy },
        options,
      );
    });
};

const examine = async (config: Config): Promise<readonly Finding[]> =>
  config.store === undefined
    ? examineDataDirectory(config)
    : [
        examineNode(),
        ...(await examineSharedStore(config)),
        ...examineKeyFile(config),
        warnOf(examineGuessing(config)),
        warnOf(examineForwarding(config)),
        warnOf(examineTls(config)),
      ];

const examineDataDirectory = async (config: Config): Promise<readonly Finding[]> => [
  examineNode(),
  ...examineDirectory(config),
  ...(await examineStore(config)),
  ...examineKeyFile(config),
  examineSpace(config),
  warnOf(examineGuessing(config)),
  warnOf(examineForwarding(config)),
  warnOf(examineTls(config)),
];

const examineNode = (): Finding => {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return ok('node', process.version);
  return bad('node', 'fail', process.version, `Use Node ${NODE_MAJOR_MIN} or newer.`);
};

const examineStore = async (config: Config): Promise<readonly Finding[]> => {
  const path = join(resolve(config.data), STORE_FILE);
  let deployment: Deployment | undefined;
  try {
    // Opened in the way a server does it, so that a lock, a wrong key or a newer schema is found now.
    deployment = await openDeployment(config);
    const facts = inspectStore(config);
    if (facts === undefined) return [];
    const clients = await deployment.store.listClients();
    const keys = await deployment.store.listKeys();
    return [
      facts.integrity === 'ok'
        ? ok('store', `${path}, schema ${facts.schema}, ${facts.grants} grants, intact`)
        : bad(
            'store',
            'fail',
            `${path}: ${facts.integrity}`,
            'Restore the newest backup; clients keep using their tokens.',
          ),
      isOpenToOthers(path)
        ? bad('store mode', 'fail', `${path} readable by others, so no server starts`, `chmod 600 ${path}`)
        : ok('store mode', 'private'),
      facts.journalMode === 'wal'
        ? ok('durability', 'write-ahead log, synced to disk at every commit')
        : bad(
            'durability',
            'fail',
            `journal mode ${facts.journalMode}`,
            'Run "keyfob serve" once: it sets the mode.',
          ),
      examineLog(path, facts.logBytes),
      examineClock(deployment.time, facts.newestGrantAtMs),
      ...examineKeys(keys, readNow(deployment)),
      warnOf(examineSecrets(clients, readNow(deployment))),
      warnOf(examineIssuer(config, clients)),
      warnOf(examineScopes(deployment.scopes, clients)),
    ];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [
      bad(error.code.startsWith('key') ? 'keys' : 'store', 'fail', error.message, error.remedy),
      examineClock(undefined, 0),
    ];
  } finally {
    await deployment?.close();
  }
};

const examineSpace = ({ data }: Config): Finding => {
  const path = resolve(data);
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : '.');
  const bytes = bavail * bsize;
  const finding = `${Math.floor(bytes / 1024 / 1024)} MiB free`;
  if (bytes >= SPACE_WARN_BYTES) return ok('disk space', finding);
  return bad(
    'disk space',
    bytes < SPACE_FAIL_BYTES ? 'fail' : 'warn',
    finding,
    `Free space on the disk of ${path}.`,
  );
};
