import type { Config } from '../../config.ts';
import { OperatorError } from '../../errors.ts';
import { examineClock, examineSharedClock } from '../../operations/doctor/examine-clock.ts';
import { examineContent } from '../../operations/doctor/examine-content.ts';
import { unusable } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { inspectSharedStore, inspectStore } from '../maintenance.ts';
import { openDeployment } from '../open.ts';
import type { Deployment } from '../open.ts';
import { examineDatabase } from './examine-database.ts';
import { examineDirectory } from './examine-directory.ts';
import { examineFile } from './examine-file.ts';
import { examineKeyFile } from './examine-key-file.ts';
import { examineRuntime, examineSpace } from './examine-machine.ts';
import {
  examineForwarding,
  examineGuessing,
  examineIssuer,
  examineRetention,
  examineTls,
} from './examine-settings.ts';

/** Every check of a deployment that no server of this process has open. */
export const examineDeployment = async (config: Config): Promise<readonly Finding[]> => [
  examineRuntime(),
  ...(config.store === undefined ? examineDirectory(config) : []),
  ...(await examineOpened(config)),
  ...examineKeyFile(config),
  ...(config.store === undefined ? [examineSpace(config)] : []),
  ...examineSettings(config),
];

/** What the configuration alone says. */
export const examineSettings = (config: Config): readonly Finding[] => [
  examineGuessing(config),
  examineForwarding(config),
  examineTls(config),
  examineRetention(config),
];

/** Opened in the way a server does it, so that a lock, a wrong key or a newer schema is found now. */
const examineOpened = async (config: Config): Promise<readonly Finding[]> => {
  let deployment: Deployment | undefined;
  try {
    deployment = await openDeployment(config);
    return config.store === undefined
      ? await examineOpenedFile(config, deployment)
      : await examineOpenedDatabase(config, deployment);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [
      unusable(error.code.startsWith('key') ? 'keys' : 'store', error),
      ...(config.store === undefined ? [examineClock(undefined, 0)] : []),
    ];
  } finally {
    await deployment?.close();
  }
};

const examineOpenedFile = async (config: Config, deployment: Deployment): Promise<readonly Finding[]> => {
  const facts = inspectStore(config);
  if (facts === undefined) return [];
  const clients = { clients: await deployment.store.listClients(), areAll: true };
  return [
    ...examineFile(config, facts),
    examineClock(deployment.time, facts.content?.newestGrantAtMs ?? 0),
    ...(await examineContent(deployment, clients)),
    examineIssuer(config, clients),
  ];
};

const examineOpenedDatabase = async (config: Config, deployment: Deployment): Promise<readonly Finding[]> => {
  const facts = await inspectSharedStore(config);
  if (facts === undefined) return [];
  const clients = { clients: await deployment.store.listClients(), areAll: true };
  return [
    ...examineDatabase(config, facts),
    examineSharedClock(deployment.time),
    ...(await examineContent(deployment, clients)),
    examineIssuer(config, clients),
  ];
};
