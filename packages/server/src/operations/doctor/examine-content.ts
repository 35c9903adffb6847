import type { Client } from '../../clients/client.ts';
import type { OperationContext } from '../context.ts';
import { readNodes } from '../read-nodes.ts';
import type { RunningNode } from '../../operators/running-node.ts';
import { readNow } from '../../clock.ts';
import { examineKeys } from './examine-keys.ts';
import { examineNodes } from './examine-nodes.ts';
import { examineScopes } from './examine-scopes.ts';
import { examineSecrets } from './examine-secrets.ts';
import { examineWebhooks } from './examine-webhooks.ts';
import type { Finding } from './finding.ts';

/** Checks what any store holds. `clients`: all of it, which other checks need too; `own`: this process, if it is a node. Throws `StoreError`. */
export const examineContent = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'doubt' | 'scopes'>,
  clients: readonly Client[],
  own?: RunningNode,
): Promise<readonly Finding[]> => {
  const { store, scopes } = context;
  const [keys, nodes, webhooks, waiting] = await Promise.all([
    store.listKeys(),
    readNodes(context, own),
    store.listWebhooks(),
    store.countDeliveriesWaiting(),
  ]);
  const now = readNow(context);
  return [
    ...examineKeys(keys, now),
    examineSecrets(clients, now),
    examineScopes(scopes, clients),
    examineWebhooks(webhooks, waiting),
    examineNodes(nodes),
  ];
};
