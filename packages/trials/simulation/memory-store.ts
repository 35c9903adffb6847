import { changeClient } from 'keyfob/clients/change';
import type { Client } from 'keyfob/clients/client';
import { isUseNews } from 'keyfob/clients/secret';
import { StoreError } from 'keyfob/errors';
import { applyVerdict } from 'keyfob/grants/apply-verdict';
import { CODE_KEPT_SECONDS, judgeCode } from 'keyfob/grants/authorization-code';
import type { CodeState } from 'keyfob/grants/authorization-code';
import type { Fact, FactKind } from 'keyfob/grants/fact';
import type { Grant } from 'keyfob/grants/grant';
import { judge } from 'keyfob/grants/judge';
import { describeReplay } from 'keyfob/grants/replay';
import type { ReplayRecord } from 'keyfob/grants/replay';
import { standingOf } from 'keyfob/grants/standing';
import type {
  CodeResult,
  CodeUse,
  RefreshResult,
  RefreshUse,
  RegisteredKey,
  Store,
} from 'keyfob/grants/store';
import type { Vehicle } from 'keyfob/grants/vehicle';
import type { Delivery } from 'keyfob/grants/delivery';
import type { Webhook } from 'keyfob/grants/webhook';
import { keepFact, outboxVerbs } from './memory-webhooks.ts';
import type { OutboxTables } from './memory-webhooks.ts';

/** The name of a verb of the store. */
export type Verb = Exclude<keyof Store, 'close'>;

/**
 * Runs a verb: may wait before and after, may throw `StoreError` instead of running it (`unavailable`), or although it
 * ran (`outcome_unknown`). `work` is the whole verb, one atomic step; it is to be called once at the most. Of a
 * refresh or a code it is told which.
 */
export type Conduct = <Result>(verb: Verb, work: () => Result, use?: RefreshUse | CodeUse) => Promise<Result>;

/** All that a memory store holds, at one moment. Nothing in it is ever changed in place. */
export type Snapshot = {
  readonly clients: ReadonlyMap<string, Client>;
  readonly grants: ReadonlyMap<bigint, Grant>;
  readonly replays: ReadonlyMap<bigint, ReplayRecord>;
  readonly keys: ReadonlyMap<number, RegisteredKey>;
  readonly codes: ReadonlyMap<bigint, CodeState>;
  readonly consents: ReadonlySet<bigint>;
  readonly vehicles: ReadonlyMap<bigint, readonly Vehicle[]>;
  readonly facts: readonly Fact[];
  readonly lastFact: number;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly deliveries: ReadonlyMap<string, Delivery>;
};

/** A store whose content can be taken and put back. */
export type MemoryStore = Store & {
  /** The same content, asked through another conduct: what one node of several sees. */
  through(conduct: Conduct): Store;
  /** What it holds of a grant, at once and whatever the conduct. */
  look(id: bigint): Grant | undefined;
  /** The content as it is now. */
  snapshot(): Snapshot;
  /** Puts a snapshot in the place of the content, as it is. */
  load(snapshot: Snapshot): void;
  /**
   * Puts a backup in the place of the content as `keyfob restore` does: the standing of grants and clients is that
   * of now (revocations and reinstatements, vehicles, consents, policies, disabled and removed clients, secrets, keys), and so
   * are codes and facts; grants made since are lost.
   */
  restore(backup: Snapshot): void;
};

type Tables = OutboxTables & {
  clients: Map<string, Client>;
  grants: Map<bigint, Grant>;
  replays: Map<bigint, ReplayRecord>;
  keys: Map<number, RegisteredKey>;
  codes: Map<bigint, CodeState>;
  consents: Set<bigint>;
  vehicles: Map<bigint, readonly Vehicle[]>;
};

const runAtOnce: Conduct = async (_verb, work) => work();

/**
 * A store in memory, with the meaning of the embedded one and nothing of its durability. Every verb is one
 * synchronous step, handed to `conduct`, which decides when it runs and whether its answer arrives.
 */
export const createMemoryStore = (options: { readonly conduct?: Conduct } = {}): MemoryStore => {
  const tables: Tables = {
    clients: new Map(),
    grants: new Map(),
    replays: new Map(),
    keys: new Map(),
    codes: new Map(),
    consents: new Set(),
    vehicles: new Map(),
    facts: [],
    lastFact: 0,
    webhooks: new Map(),
    deliveries: new Map(),
  };
  return {
    ...verbsOver(tables, options.conduct ?? runAtOnce),
    through: (conduct) => verbsOver(tables, conduct),
    look: (id) => tables.grants.get(id),
    snapshot: () => copyOf(tables),
    load: (snapshot) => void Object.assign(tables, copyOf(snapshot)),
    restore: (backup) => restoreBackup(tables, backup),
  };
};

const verbsOver = (tables: Tables, conduct: Conduct): Store => {
  let isOpen = true;
  const run: Conduct = async (verb, work, use) => {
    if (!isOpen) throw new StoreError('unavailable', 'the store is closed');
    return conduct(verb, work, use);
  };
  return {
    ...grantVerbs(tables, run),
    ...endVerbs(tables, run),
    ...codeVerbs(tables, run),
    ...vehicleVerbs(tables, run),
    ...clientVerbs(tables, run),
    ...secretVerbs(tables, run),
    ...outboxVerbs(tables, run),
    listKeys: () => run('listKeys', () => [...tables.keys.values()].sort((a, b) => b.number - a.number)),
    registerKey: (key) =>
      run('registerKey', () => {
        if (!tables.keys.has(key.number)) tables.keys.set(key.number, { ...key });
      }),
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
  codes,
  consents,
  vehicles,
  facts,
  lastFact,
  webhooks,
  deliveries,
}: Snapshot): Tables => ({
  clients: new Map(clients),
  grants: new Map(grants),
  replays: new Map(replays),
  keys: new Map(keys),
  codes: new Map(codes),
  consents: new Set(consents),
  vehicles: new Map(vehicles),
  facts: [...facts],
  lastFact,
  webhooks: new Map(webhooks),
  deliveries: new Map(deliveries),
});

const byId = (left: { readonly id: bigint }, right: { readonly id: bigint }): number =>
  left.id < right.id ? -1 : 1;

const REPLAY_FACT_INTERVAL_MS = 3_600_000;

const tell = (
  tables: Tables,
  kind: FactKind,
  { id: grantId, clientId, subject }: Grant,
  more: { nowMs: number; requestId: string | undefined; cause?: string; vins?: readonly string[] },
): void => {
  const { nowMs: atMs, requestId, cause, vins = [] } = more;
  keepFact(tables, { atMs, kind, grantId, clientId, subject, requestId, cause, vins });
};

/** With the vehicles that were shared until then. */
const tellRevoked = (
  tables: Tables,
  grant: Grant,
  more: { nowMs: number; requestId: string | undefined; cause: string },
): void => {
  const vins = (tables.vehicles.get(grant.id) ?? []).map(({ vin }) => vin);
  tell(tables, 'grant.revoked', grant, { ...more, vins });
};

/** Reads, judges and writes one grant. */
const refresh = (tables: Tables, use: RefreshUse): RefreshResult | 'client_gone' => {
  const { presented, nowMs, caller, requestId } = use;
  const client = tables.clients.get(presented.clientId);
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  const before = tables.grants.get(presented.grantId);
  const verdict = judge(before, presented, nowMs, policy);
  if (before === undefined) return { verdict, grant: undefined, policy, replay: undefined };
  const grant = applyVerdict(before, verdict, use);
  tables.grants.set(grant.id, grant);
  if (verdict.kind !== 'replay') return { verdict, grant, policy, replay: undefined };
  const { gap, response } = verdict;
  const replay = describeReplay(
    before,
    { generation: presented.generation, gap, response },
    { nowMs, caller },
  );
  const last = tables.replays.get(grant.id);
  if (last === undefined || nowMs - last.atMs >= REPLAY_FACT_INTERVAL_MS)
    tell(tables, 'grant.replayed', grant, { nowMs, requestId, cause: replay.looksLike });
  if (grant.revocation !== undefined) tellRevoked(tables, grant, { nowMs, requestId, cause: 'replay' });
  const times = (tables.replays.get(grant.id)?.times ?? 0) + 1;
  tables.replays.set(grant.id, { ...replay, times });
  return { verdict, grant, policy, replay };
};

const grantVerbs = (
  tables: Tables,
  run: Conduct,
): Pick<Store, 'refresh' | 'createGrant' | 'readGrant' | 'readReplay' | 'listGrants' | 'countGrants'> => {
  const ofClient = (clientId: string | undefined): Grant[] =>
    [...tables.grants.values()].filter((grant) => clientId === undefined || grant.clientId === clientId);
  return {
    refresh: (use) => run('refresh', () => refresh(tables, use), use),
    createGrant: (grant) =>
      run('createGrant', () => {
        if (tables.grants.has(grant.id)) return 'id_taken';
        if (!tables.clients.has(grant.clientId)) return 'client_unknown';
        tables.grants.set(grant.id, { ...grant });
        return 'created';
      }),
    readGrant: (id) => run('readGrant', () => tables.grants.get(id)),
    readReplay: (id) => run('readReplay', () => tables.replays.get(id)),
    listGrants: ({ after, limit, clientId }) =>
      run('listGrants', () =>
        ofClient(clientId)
          .filter(({ id }) => after === undefined || id > after)
          .sort(byId)
          .slice(0, limit),
      ),
    countGrants: (clientId) => run('countGrants', () => ofClient(clientId).length),
  };
};

const endVerbs = (tables: Tables, run: Conduct): Pick<Store, 'revoke' | 'reinstate' | 'prune'> => ({
  revoke: (id, revocation) =>
    run('revoke', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      if (grant.revocation !== undefined) return 'revoked_before';
      const { at, cause, requestId } = revocation;
      tables.grants.set(id, { ...grant, revocation: { at, cause } });
      tellRevoked(tables, grant, { nowMs: at * 1000, requestId, cause });
      return 'revoked';
    }),
  reinstate: (id, at) =>
    run('reinstate', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      if (grant.revocation === undefined) return 'not_revoked';
      tables.grants.set(id, { ...grant, revocation: undefined });
      tell(tables, 'grant.reinstated', grant, { nowMs: at * 1000, requestId: undefined });
      return 'reinstated';
    }),
  prune: ({ after, limit, endedBefore }) =>
    run('prune', () => {
      const page = [...tables.grants.values()]
        .filter(({ id }) => after === undefined || id > after)
        .sort(byId)
        .slice(0, limit);
      const ended = page.filter((grant) => {
        const client = tables.clients.get(grant.clientId);
        return client !== undefined && standingOf(grant, client.policy, 0).endsAt < endedBefore;
      });
      for (const { id } of ended) removeGrant(tables, id);
      return { pruned: ended.length, next: page.length === limit ? page.at(-1)?.id : undefined };
    }),
});

const removeGrant = (tables: Tables, id: bigint): void => {
  tables.grants.delete(id);
  tables.replays.delete(id);
  tables.consents.delete(id);
  tables.vehicles.delete(id);
};

const codeVerbs = (
  tables: Tables,
  run: Conduct,
): Pick<Store, 'createCode' | 'redeemCode' | 'listConsents'> => ({
  createCode: (code) =>
    run('createCode', () => {
      for (const { grantId, issuedAt } of tables.codes.values())
        if (issuedAt < code.issuedAt - CODE_KEPT_SECONDS) tables.codes.delete(grantId);
      if (!tables.clients.has(code.clientId)) return 'client_unknown';
      if (tables.grants.has(code.grantId) || tables.codes.has(code.grantId)) return 'id_taken';
      tables.codes.set(code.grantId, { ...code, redeemedAtMs: undefined, useDigest: undefined });
      return 'created';
    }),
  redeemCode: (use) => run('redeemCode', () => redeemCode(tables, use), use),
  listConsents: (subject, { after, limit }) =>
    run('listConsents', () =>
      [...tables.grants.values()]
        .filter((grant) => grant.subject === subject && tables.consents.has(grant.id))
        .filter(({ id }) => after === undefined || id > after)
        .sort(byId)
        .slice(0, limit),
    ),
});

const vehicleVerbs = (
  tables: Tables,
  run: Conduct,
): Pick<Store, 'listVehicles' | 'selectVehicles' | 'disconnectVehicles'> => ({
  listVehicles: (id) => run('listVehicles', () => tables.vehicles.get(id) ?? []),
  selectVehicles: (id, chosen, occasion) =>
    run('selectVehicles', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      if (grant.revocation !== undefined) return 'revoked';
      const before = tables.vehicles.get(id) ?? [];
      const gone = without(before, chosen);
      const added = without(chosen, before);
      if (gone.length > 0) tell(tables, 'vehicles.disconnected', grant, { ...occasion, vins: gone });
      if (added.length > 0) tell(tables, 'vehicles.connected', grant, { ...occasion, vins: added });
      tables.vehicles.set(id, inIdOrder(chosen));
      return 'selected';
    }),
  disconnectVehicles: (id, vehicleIds, { endsWhenEmpty, ...occasion }) =>
    run('disconnectVehicles', () => {
      const grant = tables.grants.get(id);
      if (grant === undefined) return 'unknown';
      const before = tables.vehicles.get(id) ?? [];
      const rest = vehicleIds === 'all' ? [] : before.filter((one) => !vehicleIds.includes(one.id));
      const disconnected = before.filter((one) => !rest.includes(one));
      tables.vehicles.set(id, rest);
      const vins = disconnected.map(({ vin }) => vin);
      if (vins.length > 0) tell(tables, 'vehicles.disconnected', grant, { ...occasion, vins });
      const isRevoked =
        endsWhenEmpty && vins.length > 0 && rest.length === 0 && grant.revocation === undefined;
      if (isRevoked) {
        const at = Math.floor(occasion.nowMs / 1000);
        tables.grants.set(id, { ...grant, revocation: { at, cause: 'disconnected' } });
        tell(tables, 'grant.revoked', grant, { ...occasion, cause: 'disconnected' });
      }
      return { disconnected, isRevoked };
    }),
});

/** The VINs of those of a list that are not in the other. */
const without = (list: readonly Vehicle[], others: readonly Vehicle[]): readonly string[] =>
  list.filter((one) => !others.some((other) => other.id === one.id)).map(({ vin }) => vin);

const inIdOrder = (vehicles: readonly Vehicle[]): readonly Vehicle[] =>
  [...vehicles].sort((a, b) => (a.id < b.id ? -1 : 1));

/** A grant that was made a moment ago. */
const NEVER_USED = {
  generation: 0,
  rotatedAtMs: [],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
} as const;

const redeemCode = (tables: Tables, use: CodeUse): CodeResult | 'client_gone' => {
  const { presented, nowMs, keyNumber, requestId } = use;
  const client = tables.clients.get(presented.clientId);
  if (client === undefined || client.disabledAt !== undefined) return 'client_gone';
  const { policy } = client;
  const code = tables.codes.get(presented.grantId);
  const verdict = judgeCode(code, presented, nowMs);
  const result = { verdict, policy, hasRevoked: false };
  if (code === undefined || verdict.kind === 'refuse') return { ...result, grant: undefined };
  const known = tables.grants.get(presented.grantId);
  if (verdict.kind === 'redeem') {
    const { grantId: id, clientId, subject, scope, brand, vehicles } = code;
    const createdAt = Math.floor(nowMs / 1000);
    const grant = { ...NEVER_USED, id, clientId, subject, scope, brand, createdAt, keyNumber };
    tables.grants.set(id, grant);
    tables.consents.add(id);
    tables.vehicles.set(id, inIdOrder(vehicles));
    tables.codes.set(id, { ...code, redeemedAtMs: nowMs, useDigest: presented.useDigest });
    tell(tables, 'grant.created', grant, { nowMs, requestId, vins: vehicles.map(({ vin }) => vin) });
    return { ...result, grant };
  }
  if (verdict.kind === 'repeat' || known === undefined || known.revocation !== undefined)
    return { ...result, grant: known };
  const revocation = { at: Math.floor(nowMs / 1000), cause: 'code_replay' as const };
  const grant = { ...known, revocation };
  tables.grants.set(grant.id, grant);
  tellRevoked(tables, grant, { nowMs, requestId, cause: 'code_replay' });
  return { ...result, grant, hasRevoked: true };
};

const clientVerbs = (
  tables: Tables,
  run: Conduct,
): Pick<Store, 'createClient' | 'readClient' | 'listClients' | 'changeClient' | 'removeClient'> => ({
  createClient: (client) =>
    run('createClient', () => {
      if (tables.clients.has(client.id)) return 'id_taken';
      tables.clients.set(client.id, { ...client, secrets: inOrder(client.secrets) });
      return 'created';
    }),
  readClient: (id) =>
    run('readClient', () => ({
      client: tables.clients.get(id),
      newestKeyNumber: Math.max(0, ...tables.keys.keys()),
    })),
  listClients: () => run('listClients', () => [...tables.clients.values()]),
  changeClient: (id, change) =>
    run('changeClient', () => {
      const client = tables.clients.get(id);
      if (client === undefined) return 'unknown';
      const changed = changeClient(client, change);
      if ('faults' in changed) return changed;
      tables.clients.set(id, changed);
      return 'changed';
    }),
  removeClient: (id, { withGrants }) =>
    run('removeClient', () => {
      const grants = [...tables.grants.values()].filter(({ clientId }) => clientId === id);
      if (!withGrants && grants.length > 0) return 'has_grants';
      for (const grant of grants) removeGrant(tables, grant.id);
      for (const code of tables.codes.values()) if (code.clientId === id) tables.codes.delete(code.grantId);
      return tables.clients.delete(id) ? 'removed' : 'unknown';
    }),
});

const inOrder = (secrets: Client['secrets']): Client['secrets'] =>
  [...secrets].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));

const secretVerbs = (
  tables: Tables,
  run: Conduct,
): Pick<Store, 'addSecret' | 'removeSecret' | 'noteSecretUse'> => ({
  addSecret: (clientId, secret) =>
    run('addSecret', () => {
      const client = tables.clients.get(clientId);
      if (client === undefined) return 'unknown';
      tables.clients.set(clientId, { ...client, secrets: inOrder([...client.secrets, { ...secret }]) });
      return 'added';
    }),
  removeSecret: (clientId, secretId, options) =>
    run('removeSecret', () => {
      const client = tables.clients.get(clientId);
      const isLast = client?.secrets.length === 1 && client.secrets[0]?.id === secretId;
      if (isLast && options?.keepLast === true) return 'last';
      const secrets = client?.secrets.filter(({ id }) => id !== secretId) ?? [];
      if (client === undefined || secrets.length === client.secrets.length) return 'unknown';
      tables.clients.set(clientId, { ...client, secrets });
      return 'removed';
    }),
  noteSecretUse: (secretId, at) =>
    run('noteSecretUse', () => {
      const client = [...tables.clients.values()].find(({ secrets }) =>
        secrets.some(({ id }) => id === secretId),
      );
      if (client === undefined) return;
      const secrets = client.secrets.map((secret) =>
        secret.id === secretId && isUseNews(secret.lastUsedAt, at) ? { ...secret, lastUsedAt: at } : secret,
      );
      tables.clients.set(client.id, { ...client, secrets });
    }),
});

const restoreBackup = (tables: Tables, backup: Snapshot): void => {
  const { clients, grants, keys, codes, consents, vehicles, facts, lastFact, webhooks, deliveries } =
    copyOf(tables);
  const restored = copyOf(backup);
  for (const [id, grant] of restored.grants) {
    const known = grants.get(id);
    if (known === undefined) continue;
    restored.grants.set(id, { ...grant, revocation: known.revocation });
    restored.vehicles.set(id, vehicles.get(id) ?? []);
    if (consents.has(id)) restored.consents.add(id);
    else restored.consents.delete(id);
  }
  for (const [id, client] of restored.clients) {
    const known = clients.get(id);
    restored.clients.set(id, known ?? { ...client, disabledAt: client.disabledAt ?? client.createdAt });
  }
  const told = { facts, lastFact, webhooks, deliveries };
  Object.assign(tables, { ...restored, codes, ...told, keys: new Map([...restored.keys, ...keys]) });
};
