import { openKeys, openStore } from '../../config/open-parts.ts';
import type { Settings } from '../../config/settings.ts';
import { KeeperError, StoreError } from '../../errors.ts';
import { digestOf } from '../../refresh/client-book.ts';
import type { Store } from '../../stores/store.ts';
import { askCanary } from './ask-canary.ts';
import { examineFacts, examineSecrets, examineUnknownClients } from './examine-clients.ts';
import type { Examined } from './examine-clients.ts';
import { examineConnections } from './examine-connections.ts';
import { examineKeys } from './examine-keys.ts';
import { examineMachine } from './examine-machine.ts';
import { examineCopy, examineDurability, examineProcesses } from './examine-store.ts';
import { examineServiceKeys } from './examine-service-keys.ts';
import { examineSchedule } from './examine-schedule.ts';
import { systemClock } from '../../time.ts';
import { examineTime } from './examine-time.ts';
import { examineWebhooks } from './examine-webhooks.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** `isWholeStore`: every page of a large file is read, too. */
export type ExamineOptions = { readonly isAskingProviders: boolean; readonly isWholeStore?: boolean };

/** Checks a deployment. Nothing is changed; the network is used only for canaries, and a running keeper is not disturbed. */
export const examine = async (
  settings: Settings,
  { isAskingProviders, isWholeStore = false }: ExamineOptions,
): Promise<readonly Finding[]> => {
  const clients = examineSecrets(settings);
  const canaries = isAskingProviders
    ? (
        await Promise.all(
          clients.map(async ({ name, client }) => (client === undefined ? [] : askCanary(name, client))),
        )
      ).flat()
    : [];
  return [
    ...examineMachine(settings),
    ...clients.flatMap(({ findings }) => findings),
    ...canaries,
    ...(await examineOpened(settings, clients, isWholeStore)),
  ];
};

const examineOpened = async (
  settings: Settings,
  clients: readonly Examined[],
  isWholeStore: boolean,
): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  let store: Store | undefined;
  try {
    store = await openStore(settings);
    const identity = await store.identity();
    findings.push(...(await examineDurability(settings.store, isWholeStore)), examineCopy(store, identity));
    findings.push(...(await keyFindings(store, settings)));
    findings.push(examineTime(store, systemClock.wallMs()), ...examineProcesses(store));
    for (const { name, client } of clients) {
      const stored = await store.readClient(name);
      const digest = client === undefined ? undefined : digestOf(client);
      if (stored !== undefined) findings.push(...examineFacts(name, stored.facts, digest, store.nowMs()));
    }
    findings.push(...(await examineUnknownClients(store, settings)));
    findings.push(...(await examineSchedule(store, Object.keys(settings.clients))));
    findings.push(...(await examineWebhooks(store)));
  } catch (error) {
    findings.push(findingOf(error));
  } finally {
    await store?.close();
  }
  return findings;
};

const keyFindings = async (store: Store, settings: Settings): Promise<readonly Finding[]> => {
  try {
    const keys = openKeys(settings);
    const identity = await store.identity();
    const findings = await examineKeys(store, identity, keys);
    // With a wrong key, none of the others would look right.
    if (findings.some(({ verdict }) => verdict === 'fail')) return findings;
    return [
      ...findings,
      ...(await examineConnections(store, identity, keys)),
      ...(await examineServiceKeys(store, keys)),
    ];
  } catch (error) {
    if (!(error instanceof KeeperError)) throw error;
    return [{ ...findingOf(error), check: 'key' }];
  }
};

const findingOf = (error: unknown): Finding => {
  if (error instanceof StoreError)
    return bad('store', 'fail', error.message, 'Check that the database runs and can be reached.');
  if (!(error instanceof KeeperError)) throw error;
  const message = error.message.slice(0, -error.remedy.length - 2);
  // Before the first connection there is none, and that is no fault.
  if (error.code === 'store_missing') return ok('store', `${message}: the first connection makes it`);
  return bad('store', 'fail', message, error.remedy);
};
