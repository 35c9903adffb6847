import { groupParts, keptOf, NODE_KEPT_MS, NODES_MAX } from '@keyfob/server/stores';
import type { NodeStore, TroubleStore } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';

export const nodeVerbs = ({ nodes }: Tables, run: RunVerb): NodeStore => ({
  noteNode: (node) =>
    run('noteNode', () => {
      const { startedAtMs } = nodes.get(node.id) ?? node;
      nodes.set(node.id, { ...node, startedAtMs });
      const bySight = [...nodes.values()].sort(
        (left, right) => right.seenAtMs - left.seenAtMs || (left.id < right.id ? -1 : 1),
      );
      for (const [index, { id, seenAtMs }] of bySight.entries())
        if (index >= NODES_MAX || seenAtMs < node.seenAtMs - NODE_KEPT_MS) nodes.delete(id);
    }),
  removeNode: (id) => run('removeNode', () => void nodes.delete(id)),
  listNodes: () =>
    run('listNodes', () =>
      [...nodes.values()].sort(
        (left, right) => left.startedAtMs - right.startedAtMs || (left.id < right.id ? -1 : 1),
      ),
    ),
});

export const troubleVerbs = ({ troubles }: Tables, run: RunVerb): TroubleStore => ({
  addTroubles: (counts) =>
    run('addTroubles', () => {
      for (const added of keptOf(counts)) {
        const key = JSON.stringify([added.hours, added.hour, added.event, added.reason, added.clientId]);
        const { count = 0, lastAtMs = 0 } = troubles.get(key) ?? {};
        troubles.set(key, {
          ...added,
          count: count + added.count,
          lastAtMs: Math.max(lastAtMs, added.lastAtMs),
        });
      }
    }),
  listTroubles: ({ events, fromHour, hoursPerPart, partsCount, clientId, limit }) =>
    run('listTroubles', () => {
      const rows = [...troubles.values()]
        .filter((one) => events.includes(one.event) && one.hours === hoursPerPart)
        .filter((one) => clientId === undefined || one.clientId === clientId)
        .map((one) => ({ ...one, part: Math.floor((one.hour - fromHour) / hoursPerPart) }))
        .filter(({ part }) => part >= 0 && part < partsCount);
      return groupParts(rows, partsCount).slice(0, limit);
    }),
  dropTroubles: ({ hoursPerPart, beforeHour, limit }) =>
    run('dropTroubles', () => {
      const old = [...troubles]
        .filter(([, { hours, hour }]) => hours === hoursPerPart && hour < beforeHour)
        .sort(([, left], [, right]) => left.hour - right.hour)
        .slice(0, limit);
      for (const [key] of old) troubles.delete(key);
      return old.length;
    }),
});
