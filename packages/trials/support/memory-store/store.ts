import { StoreError } from '@keyfob/server/errors';
import type { Grant } from '@keyfob/server/grants';
import type { Store } from '@keyfob/server/stores';
import { clientVerbs, secretVerbs } from './clients.ts';
import { codeVerbs, vehicleVerbs } from './consents.ts';
import { deviceVerbs } from './devices.ts';
import { endVerbs, grantVerbs } from './grants.ts';
import { importVerbs } from './imports.ts';
import { keyVerbs } from './keys.ts';
import { auditVerbs, operatorVerbs } from './operators.ts';
import { nodeVerbs, troubleVerbs } from './nodes.ts';
import { registrationVerbs } from './registrations.ts';
import { sessionVerbs } from './sessions.ts';
import type { RunVerb, Snapshot, Tables } from './tables.ts';
import { onceVerbs } from './used-once.ts';
import { outboxVerbs } from './webhooks.ts';

/** A store whose content can be saved and restored. */
export type MemoryStore = Store & {
  /** The same content with another `run`: the view of one of several nodes. */
  through(run: RunVerb): Store;
  /** Reads a grant synchronously, without `run`. */
  peek(id: bigint): Grant | undefined;
  /** The content as it is now. */
  snapshot(): Snapshot;
  /** Replaces the content with a snapshot. */
  load(snapshot: Snapshot): void;
  /**
   * Replaces the content with an older backup, as `keyfob restore` does: generations, revocations and reinstatements,
   * vehicles, consents, policies, disabled and removed clients, secrets, keys, codes and grant events stay current. Grants
   * created since the backup are lost.
   */
  restore(backup: Snapshot): void;
};

/** Runs every verb at once, without failures. */
export const runAtOnce: RunVerb = async (_verb, work) => work();

/**
 * A store in memory, which behaves like the embedded store but is not durable. Every verb is one synchronous step. `run`
 * decides when it runs and whether its result arrives.
 */
export const createMemoryStore = (options: { readonly run?: RunVerb } = {}): MemoryStore => {
  const tables: Tables = {
    clients: new Map(),
    grants: new Map(),
    replays: new Map(),
    keys: new Map(),
    seenAtMs: undefined,
    sessions: new Map(),
    usedOnce: new Map(),
    codes: new Map(),
    devices: new Map(),
    consents: new Set(),
    vehicles: new Map(),
    imported: new Map(),
    grantEvents: [],
    lastGrantEvent: 0,
    webhooks: new Map(),
    deliveries: new Map(),
    attempts: new Map(),
    audit: [],
    registrationTokens: new Map(),
    operatorKeys: new Map(),
    operatorSessions: new Map(),
    adminWrites: new Map(),
    nodes: new Map(),
    troubles: new Map(),
  };
  return {
    ...verbsOver(tables, options.run ?? runAtOnce),
    through: (run) => verbsOver(tables, run),
    peek: (id) => tables.grants.get(id),
    snapshot: () => copyOf(tables),
    load: (snapshot) => void Object.assign(tables, copyOf(snapshot)),
    restore: (backup) => restoreBackup(tables, backup),
  };
};

const verbsOver = (tables: Tables, runOuter: RunVerb): Store => {
  let isOpen = true;
  const run: RunVerb = async (verb, work, use) => {
    if (!isOpen) throw new StoreError('unavailable', 'the store is closed');
    return runOuter(verb, work, use);
  };
  return {
    ...grantVerbs(tables, run),
    ...endVerbs(tables, run),
    ...importVerbs(tables, run),
    ...codeVerbs(tables, run),
    ...deviceVerbs(tables, run),
    ...vehicleVerbs(tables, run),
    ...clientVerbs(tables, run),
    ...secretVerbs(tables, run),
    ...outboxVerbs(tables, run),
    ...keyVerbs(tables, run),
    readClock: () => run('readClock', () => ({ databaseMs: undefined, seenAtMs: tables.seenAtMs })),
    noteClock: (seenAtMs) => run('noteClock', () => void (tables.seenAtMs = seenAtMs)),
    ...sessionVerbs(tables, run),
    ...onceVerbs(tables, run),
    ...registrationVerbs(tables, run),
    ...operatorVerbs(tables, run),
    ...auditVerbs(tables, run),
    ...nodeVerbs(tables, run),
    ...troubleVerbs(tables, run),
    async close() {
      isOpen = false;
    },
  };
};

const copyOf = ({
  clients,
  grants,
  replays,
  keys,
  seenAtMs,
  sessions,
  usedOnce,
  codes,
  devices,
  consents,
  vehicles,
  imported,
  grantEvents,
  lastGrantEvent,
  webhooks,
  deliveries,
  attempts,
  audit,
  registrationTokens,
  operatorKeys,
  operatorSessions,
  adminWrites,
  nodes,
  troubles,
}: Snapshot): Tables => ({
  clients: new Map(clients),
  grants: new Map(grants),
  replays: new Map(replays),
  keys: new Map(keys),
  seenAtMs,
  sessions: new Map(sessions),
  usedOnce: new Map(usedOnce),
  codes: new Map(codes),
  devices: new Map(devices),
  consents: new Set(consents),
  vehicles: new Map(vehicles),
  imported: new Map(imported),
  grantEvents: [...grantEvents],
  lastGrantEvent,
  webhooks: new Map(webhooks),
  deliveries: new Map(deliveries),
  attempts: new Map(attempts),
  audit: [...audit],
  registrationTokens: new Map(registrationTokens),
  operatorKeys: new Map(operatorKeys),
  operatorSessions: new Map(operatorSessions),
  adminWrites: new Map(adminWrites),
  nodes: new Map(nodes),
  troubles: new Map(troubles),
});

const restoreBackup = (tables: Tables, backup: Snapshot): void => {
  const {
    clients,
    grants,
    replays,
    keys,
    codes,
    consents,
    vehicles,
    grantEvents,
    lastGrantEvent,
    webhooks,
    deliveries,
    attempts,
  } = copyOf(tables);
  const restored = copyOf(backup);
  for (const [id, grant] of restored.grants) {
    const known = grants.get(id);
    if (known === undefined) continue;
    const further = known.generation > grant.generation ? known : grant;
    restored.grants.set(id, { ...further, revocation: known.revocation });
    const replay = replays.get(id);
    if (replay !== undefined) restored.replays.set(id, replay);
    restored.vehicles.set(id, vehicles.get(id) ?? []);
    if (consents.has(id)) restored.consents.add(id);
    else restored.consents.delete(id);
  }
  for (const [id, client] of restored.clients) {
    const known = clients.get(id);
    restored.clients.set(id, known ?? { ...client, disabledAtMs: client.disabledAtMs ?? client.createdAtMs });
  }
  const outbox = { grantEvents, lastGrantEvent, webhooks, deliveries, attempts };
  Object.assign(tables, { ...restored, codes, ...outbox, keys: new Map([...restored.keys, ...keys]) });
};
