import { isGone } from '../operators/running-node.ts';
import type { RunningNode } from '../operators/running-node.ts';
import type { OperationContext } from './context.ts';

/** A process that serves the store, and whether it still does. */
export type NodeDetails = RunningNode & { readonly state: 'running' | 'gone' };

/** The nodes, in the order of their starts. `own`: this process, which need not be in the store yet. Throws `StoreError`. */
export const readNodes = async (
  { store, clock }: Pick<OperationContext, 'store' | 'clock'>,
  own?: RunningNode,
): Promise<readonly NodeDetails[]> => {
  const nowMs = clock();
  const others = (await store.listNodes()).filter(({ id }) => id !== own?.id);
  return [...others, ...(own === undefined ? [] : [own])]
    .map((node): NodeDetails => ({ ...node, state: isGone(node, nowMs) ? 'gone' : 'running' }))
    .sort((left, right) => left.startedAtMs - right.startedAtMs || (left.id < right.id ? -1 : 1));
};
