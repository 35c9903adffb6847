import { toMillis } from '@keyfob/server/grants';
import { chainEntry, NO_ENTRY, targetsOf } from '@keyfob/server/operators';
import { OPERATOR_KEYS_MAX, OPERATOR_ROWS_KEPT_SECONDS } from '@keyfob/server/stores';
import type { AuditStore, OperatorStore } from '@keyfob/server/stores';
import type { RunVerb, Tables } from './tables.ts';

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');
const keptFrom = (nowMs: number): number => nowMs - toMillis(OPERATOR_ROWS_KEPT_SECONDS);

export const auditVerbs = (tables: Tables, run: RunVerb): AuditStore => ({
  appendAudit: (entry) =>
    run('appendAudit', () => {
      const chained = chainEntry(tables.audit.at(-1) ?? NO_ENTRY, entry);
      tables.audit.push(chained);
      return chained;
    }),
  listAudit: ({ after, before, limit, target, operatorId }) =>
    run('listAudit', () => {
      const entries = tables.audit.filter(
        (entry) =>
          (target === undefined || targetsOf(entry).includes(target)) &&
          (operatorId === undefined || entry.operator.id === operatorId) &&
          (after === undefined ? entry.sequence < before : entry.sequence > after),
      );
      return (after === undefined ? entries.toReversed() : entries).slice(0, limit);
    }),
  readAuditHead: () =>
    run('readAuditHead', () => {
      const { sequence, hash } = tables.audit.at(-1) ?? NO_ENTRY;
      return { sequence, hash };
    }),
});

export const operatorVerbs = (
  { operatorKeys, operatorSessions, adminWrites }: Tables,
  run: RunVerb,
): OperatorStore => ({
  createOperatorKey: (key) =>
    run('createOperatorKey', () => {
      if (operatorKeys.size >= OPERATOR_KEYS_MAX) return 'too_many';
      if (operatorKeys.has(key.id)) return 'id_taken';
      operatorKeys.set(key.id, key);
      return 'created';
    }),
  listOperatorKeys: () =>
    run('listOperatorKeys', () =>
      [...operatorKeys.values()].sort(
        (left, right) => left.createdAtMs - right.createdAtMs || (left.id < right.id ? -1 : 1),
      ),
    ),
  findOperatorKey: (digest) =>
    run('findOperatorKey', () =>
      [...operatorKeys.values()].find((key) => keyOf(key.digest) === keyOf(digest)),
    ),
  removeOperatorKey: (id) =>
    run('removeOperatorKey', () => (operatorKeys.delete(id) ? 'removed' : 'unknown')),
  noteOperatorKeyUse: (id, lastUsedAtMs) =>
    run('noteOperatorKeyUse', () => {
      const key = operatorKeys.get(id);
      if (key !== undefined) operatorKeys.set(id, { ...key, lastUsedAtMs });
    }),
  createOperatorSession: (session) =>
    run('createOperatorSession', () => {
      for (const [key, { startedAtMs }] of operatorSessions)
        if (startedAtMs < keptFrom(session.startedAtMs)) operatorSessions.delete(key);
      operatorSessions.set(keyOf(session.digest), session);
    }),
  readOperatorSession: (digest) => run('readOperatorSession', () => operatorSessions.get(keyOf(digest))),
  noteOperatorSessionUse: (digest, usedAtMs) =>
    run('noteOperatorSessionUse', () => {
      const session = operatorSessions.get(keyOf(digest));
      if (session !== undefined) operatorSessions.set(keyOf(digest), { ...session, usedAtMs });
    }),
  endOperatorSession: (digest) =>
    run('endOperatorSession', () => (operatorSessions.delete(keyOf(digest)) ? 'ended' : 'unknown')),
  endOperatorSessions: () =>
    run('endOperatorSessions', () => {
      const { size } = operatorSessions;
      operatorSessions.clear();
      return size;
    }),
  claimWrite: ({ digest, body }, atMs) =>
    run('claimWrite', () => {
      for (const [key, write] of adminWrites) if (write.atMs < keptFrom(atMs)) adminWrites.delete(key);
      const before = adminWrites.get(keyOf(digest));
      if (before !== undefined) return before.body === keyOf(body) ? 'seen' : 'other';
      adminWrites.set(keyOf(digest), { body: keyOf(body), atMs });
      return 'new';
    }),
  releaseWrite: (digest) => run('releaseWrite', () => void adminWrites.delete(keyOf(digest))),
});
