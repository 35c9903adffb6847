import type { MemoryStore, RefreshResult, Store } from '@keyfob/server/stores';
import type { CodeResult } from '@keyfob/server/stores';
import { openMemoryStore } from '@keyfob/server/stores';
import type { Grant } from '@keyfob/server/grants';
import { EndedBeforeCommit } from './exchange.ts';
import type { Exchange, Exchanges } from './exchange.ts';

/** The store of a world: a real one in memory, whose content can be put back. */
export type WorldStore = {
  /** For the server: the verbs of requests pass the seam at which a request can end before its commit. */
  readonly store: Store;
  /** The real one, without the seam. */
  readonly current: () => MemoryStore;
  /** Goes on from content that was copied earlier: what was committed since is lost. */
  restore(content: Uint8Array): Promise<void>;
};

/** The verbs by which a request changes the store. */
type WriteVerb =
  | 'refresh'
  | 'redeemCode'
  | 'createCode'
  | 'createGrant'
  | 'revoke'
  | 'withdraw'
  | 'selectVehicles'
  | 'disconnectVehicles';

type Seam = {
  /** Throws where the request ends before its commit. */
  readonly begin: (requestId?: string) => Exchange | undefined;
  readonly commit: (exchange: Exchange | undefined) => void;
};

/** `onGrant` is called with every grant that a request has made. */
export const openWorldStore = (
  exchanges: Exchanges,
  options: { readonly onDeliveries: () => void; readonly onGrant: (grant: Grant) => void },
): WorldStore => {
  let inner = openMemoryStore(options);
  const seam: Seam = {
    begin(requestId) {
      const exchange = exchanges.find(requestId);
      if (exchange?.endsBeforeCommit !== true) return exchange;
      exchange.hasEnded = true;
      throw new EndedBeforeCommit();
    },
    commit(exchange) {
      if (exchange === undefined || exchange.hasCommitted) return;
      exchange.hasCommitted = true;
      exchange.onCommit();
    },
  };
  const wrapped = writeVerbs(() => inner, seam, options.onGrant);
  const store = new Proxy({} as Store, {
    get: (_, name) => Reflect.get(wrapped, name) ?? Reflect.get(inner, name),
    has: (_, name) => name in inner,
  });
  return {
    store,
    current: () => inner,
    async restore(content) {
      const next = openMemoryStore({ ...options, content });
      const before = inner;
      inner = next;
      await before.close();
    },
  };
};

const writeVerbs = (
  inner: () => MemoryStore,
  { begin, commit }: Seam,
  onGrant: (grant: Grant) => void,
): Pick<Store, WriteVerb> => {
  const noteRefresh = (exchange: Exchange | undefined, result: RefreshResult): void => {
    if (exchange === undefined) return;
    const { verdict, grant } = result;
    // Of a request that arrives twice the last verdict is that of its answer. But a replay stays one, though the second time
    // the grant has ended already.
    if (exchange.verdict?.kind !== 'replay') exchange.verdict = verdict;
    if (grant !== undefined) exchange.grant = { id: grant.id, generation: grant.generation };
    if (changes(verdict)) commit(exchange);
  };
  const noteCode = (exchange: Exchange | undefined, { verdict, grant, hasRevoked }: CodeResult): void => {
    if (grant !== undefined) onGrant(grant);
    if (exchange === undefined) return;
    if (grant !== undefined) exchange.grant = { id: grant.id, generation: grant.generation };
    exchange.hasRedeemed ||= verdict.kind === 'redeem';
    if (verdict.kind === 'redeem' || hasRevoked) commit(exchange);
  };
  /** Runs a verb whose answer says nothing that the journal shows. */
  const write = async <Result>(
    requestId: string | undefined,
    work: (store: MemoryStore) => Promise<Result>,
  ): Promise<Result> => {
    const exchange = begin(requestId);
    const result = await work(inner());
    commit(exchange);
    return result;
  };
  return {
    async refresh(use, issue) {
      const exchange = begin(use.requestId);
      return inner().refresh(use, (result) => {
        noteRefresh(exchange, result);
        return issue?.(result);
      });
    },
    async redeemCode(use, issue) {
      const exchange = begin(use.requestId);
      return inner().redeemCode(use, (result) => {
        noteCode(exchange, result);
        return issue?.(result);
      });
    },
    createCode: (...code) => write(undefined, (store) => store.createCode(...code)),
    createGrant: (grant, auditContext) =>
      write(auditContext?.requestId, (store) => store.createGrant(grant, auditContext)),
    revoke: (id, revocation) => write(revocation.requestId, (store) => store.revoke(id, revocation)),
    withdraw: (withdrawal, auditContext) =>
      write(auditContext.requestId, (store) => store.withdraw(withdrawal, auditContext)),
    selectVehicles: (...selection) => write(undefined, (store) => store.selectVehicles(...selection)),
    disconnectVehicles: (...vehicles) => write(undefined, (store) => store.disconnectVehicles(...vehicles)),
  };
};

/** Whether a verdict writes anything. */
const changes = (verdict: RefreshResult['verdict']): boolean =>
  verdict.kind === 'rotate' ||
  verdict.kind === 'resync' ||
  (verdict.kind === 'replay' && verdict.response === 'revoke');
