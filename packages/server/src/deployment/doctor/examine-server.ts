import type { Clock, Millis } from '../../clock.ts';
import type { Config } from '../../config.ts';
import { OperatorError } from '../../errors.ts';
import { examineClock, examineSharedClock } from '../../operations/doctor/examine-clock.ts';
import { examineContent } from '../../operations/doctor/examine-content.ts';
import { readOldestClients } from '../../operations/doctor/examined-clients.ts';
import { unusable } from '../../operations/doctor/finding.ts';
import type { Finding, ServerExamined } from '../../operations/doctor/finding.ts';
import type { RunningNode } from '../../operators/running-node.ts';
import { inspectSharedStore, inspectStore } from '../maintenance.ts';
import type { Deployment } from '../open.ts';
import { examineDatabase } from './examine-database.ts';
import { examineSettings } from './examine-deployment.ts';
import { examineDirectory } from './examine-directory.ts';
import { examineFile } from './examine-file.ts';
import { examineKeyFile } from './examine-key-file.ts';
import { examineRuntime, examineSpace } from './examine-machine.ts';
import { examineIssuer } from './examine-settings.ts';

/** The same checks as those of `keyfob doctor`, as far as they stop no request. */
export const createServerExamination = (
  deployment: Deployment,
  config: Config,
  { isOwnStore, node }: { readonly isOwnStore: boolean; readonly node: () => RunningNode | undefined },
): (() => Promise<ServerExamined>) => {
  const isFile = isOwnStore && config.store === undefined;
  const readDatabase = memoizeFor(INSPECTION_MS, deployment.time.monotonic, () => inspectSharedStore(config));
  const examineStore = async (): Promise<readonly Finding[]> => {
    if (!isOwnStore) return [];
    try {
      const facts = isFile ? inspectStore(config, { isThorough: false }) : undefined;
      if (facts !== undefined) return [...examineDirectory(config), ...examineFile(config, facts)];
      const database = await readDatabase();
      return database === undefined ? [] : examineDatabase(config, database);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return [unusable('store', error)];
    }
  };
  return async () => {
    const { time, store } = deployment;
    const clients = await readOldestClients({ store });
    return {
      findings: [
        examineRuntime(),
        ...(await examineStore()),
        config.store === undefined ? examineClock(time, 0) : examineSharedClock(time),
        ...(await examineContent(deployment, clients, node())),
        examineIssuer(config, clients),
        ...(isOwnStore ? examineKeyFile(config) : []),
        ...(isFile ? [examineSpace(config)] : []),
        ...examineSettings(config),
      ],
      elsewhere: [...(clients.areAll ? [] : OF_MANY_CLIENTS), ...(isFile ? OF_FILES : [])],
    };
  };
};

/** A page looks at the oldest clients only. */
const OF_MANY_CLIENTS: ServerExamined['elsewhere'] = [
  { check: 'secrets and scopes of all clients', command: 'keyfob doctor' },
];

/** Reading a whole file would hold up every request. */
const OF_FILES: ServerExamined['elsewhere'] = [
  { check: 'integrity of the file and number of grants', command: 'keyfob doctor' },
  { check: 'clock against the newest grant', command: 'keyfob doctor' },
  { check: 'chain of the audit log', command: 'keyfob audit verify' },
];

/** An inspection of a database opens connections of its own, so pages share one for a while. */
const INSPECTION_MS = 30_000;

const memoizeFor = <Answer>(
  lastsMs: Millis,
  monotonic: Clock,
  read: () => Promise<Answer>,
): (() => Promise<Answer>) => {
  let kept: { readonly answer: Promise<Answer>; readonly untilMs: Millis } | undefined;
  return () => {
    if (kept !== undefined && monotonic() < kept.untilMs) return kept.answer;
    const answer = read();
    kept = { answer, untilMs: monotonic() + lastsMs };
    // A failure is not kept.
    answer.catch(() => (kept = undefined));
    return answer;
  };
};
