import type { OperationContext } from '../context.ts';
import { readNodes } from '../read-nodes.ts';
import type { RunningNode } from '../../operators/running-node.ts';
import { readNow } from '../../clock.ts';
import { examineClients } from './examined-clients.ts';
import type { ExaminedClients } from './examined-clients.ts';
import { examineKeys } from './examine-keys.ts';
import { examineNodes } from './examine-nodes.ts';
import { examineScopes } from './examine-scopes.ts';
import { examineSecrets } from './examine-secrets.ts';
import { examineWebhooks } from './examine-webhooks.ts';
import type { Finding } from './finding.ts';

/** Checks what any store holds. `clients`: of it, which other checks need too; `own`: this process, if it is a node. Throws `StoreError`. */
export const examineContent = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'doubt' | 'scopes'>,
  clients: ExaminedClients,
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
    examineClients(clients, (some) => examineSecrets(some, now)),
    examineClients(clients, (some) => examineScopes(scopes, some)),
    examineWebhooks(webhooks, waiting),
    examineNodes(nodes),
  ];
};
