// The process whose disk fails. Takes every step of the run on the store named by the first argument, and writes a
// line to standard output the moment a step is answered. The second argument says how it ends: close or die.
import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Policy } from '@keyfob/server/clients';
import { OperatorError, StoreError } from '@keyfob/server/errors';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { codeOf, codeUseOf, idOf, readGrantEvents, refreshUseOf, RUN, STARTED_AT } from './steps.ts';
import type { Facts, Step } from './steps.ts';
import type { Taken } from './model.ts';

/** How a piece of the run ended: an outcome, or what was thrown. */
export type Ended =
  | { readonly outcome: string; readonly generation?: number | undefined }
  | { readonly thrown: string; readonly message: string };

/** A line of the run's output. */
export type Line =
  | ({ readonly about: 'open' | 'close' | 'read' } & Ended)
  | ({ readonly about: 'step' } & Taken & Ended)
  | { readonly about: 'facts'; readonly facts: Facts };

/** As often as a step, or the opening, is tried. */
const ATTEMPTS = 2;
/** The run gives up after as many batches in a row of which nothing succeeded: the disk is gone. */
const FAILED_BATCHES_MAX = 2;
const STACK_LINES = 3;

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 90 * 86_400,
  accessTokenLifetimeSeconds: 3600,
  rotation: 'strict',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const tell = (line: Line): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

const describeError = (error: unknown): Ended => {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = stack.split('\n').slice(0, STACK_LINES).join('\n');
  if (error instanceof StoreError) return { thrown: error.kind, message };
  if (error instanceof OperatorError) return { thrown: 'OperatorError', message };
  return { thrown: 'something else', message };
};

const isFailed = (ended: Ended): boolean => 'thrown' in ended;

const secretOf = (id: string) => ({
  id,
  name: id,
  digest: new Uint8Array(32).fill(7),
  createdAt: STARTED_AT,
  expiresAt: undefined,
  lastUsedAt: undefined,
});

/** The tokens that the run's clients hold, by grant: the generation they were answered with last. */
const held = new Map<string, { generation: number; isUndecided: boolean }>();

const heldOf = (grant: string) => {
  const one = held.get(grant) ?? { generation: 0, isUndecided: false };
  held.set(grant, one);
  return one;
};

const take = async (
  store: Store,
  path: string,
  { step, presented, isRetryOfOurs }: Taken,
): Promise<Ended> => {
  switch (step.verb) {
    case 'registerKey':
      await store.registerKey({ number: step.number, createdAt: STARTED_AT, fingerprint: 'f'.repeat(32) });
      return { outcome: 'done' };
    case 'createClient': {
      const { client: id, rotation } = step;
      const facts = {
        id,
        dialect: 'smartcar',
        type: 'confidential',
        redirectUris: [],
        consentRedirectUri: undefined,
        name: id,
        createdAt: STARTED_AT,
        disabledAt: undefined,
      } as const;
      const policy = { ...POLICY, rotation };
      return { outcome: await store.createClient({ ...facts, policy, secrets: [secretOf(`${id} first`)] }) };
    }
    case 'renameClient': {
      const outcome = await store.changeClient(step.client, { name: step.name });
      return { outcome: typeof outcome === 'string' ? outcome : outcome.faults.join() };
    }
    case 'addSecret':
      return { outcome: await store.addSecret(step.client, secretOf(step.secret)) };
    case 'createGrant': {
      const state = { generation: 0, keyNumber: 1, rotatedAtMs: [], createdAt: STARTED_AT };
      const none = { brand: undefined, rotatedBy: undefined, useDigest: undefined, revocation: undefined };
      const names = { id: idOf(step.grant), clientId: step.client, subject: 'owner', scope: 'read_odometer' };
      return { outcome: await store.createGrant({ ...names, ...state, ...none }) };
    }
    case 'createCode':
      return { outcome: await store.createCode(codeOf(step.grant, step.client)) };
    case 'redeemCode': {
      const code = codeOf(step.grant, 'client-overlap');
      const result = await store.redeemCode(codeUseOf(code, step.at, isRetryOfOurs));
      if (result === 'client_gone') return { outcome: result };
      const { verdict } = result;
      return { outcome: verdict.kind === 'refuse' ? `refuse ${verdict.reason}` : verdict.kind };
    }
    case 'refresh': {
      const clientId = step.grant.startsWith('f') ? 'client-strict' : 'client-overlap';
      const options = { keyNumber: step.keyNumber, isRetryOfOurs };
      const result = await store.refresh(refreshUseOf({ id: step.grant, clientId }, presented, options));
      if (result === 'client_gone') return { outcome: result };
      const { verdict, grant } = result;
      if (verdict.kind === 'refuse') return { outcome: `refuse ${verdict.reason}` };
      return { outcome: verdict.kind, generation: grant?.generation };
    }
    case 'revoke':
      return { outcome: await store.revoke(idOf(step.grant), { nowMs: step.at * 1000, cause: 'operator' }) };
    case 'reinstate':
      return { outcome: await store.reinstate(idOf(step.grant), { nowMs: STARTED_AT * 1000 }) };
    case 'prune': {
      const { pruned } = await store.prune({ limit: 100, endedBeforeMs: step.endedBefore * 1000 });
      return { outcome: `pruned ${pruned}` };
    }
    case 'checkpoint':
      checkpoint(path);
      return { outcome: 'done' };
  }
};

/** What another program that opens the store does to its log. Its own failures are not the store's. */
const checkpoint = (path: string): void => {
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } finally {
      database.close();
    }
  } catch {
    // The disk failed under the other program.
  }
};

const takeAndTell = async (store: Store, path: string, step: Step): Promise<Ended> => {
  const name = 'grant' in step ? step.grant : '';
  const token = heldOf(step.verb === 'redeemCode' ? `code of ${name}` : name);
  const taken = { step, presented: token.generation, isRetryOfOurs: token.isUndecided };
  const ended = await take(store, path, taken).catch(describeError);
  if (step.verb === 'refresh' || step.verb === 'redeemCode') {
    if ('thrown' in ended) token.isUndecided ||= ended.thrown === 'outcome_unknown';
    else [token.generation, token.isUndecided] = [ended.generation ?? token.generation, false];
  }
  tell({ about: 'step', ...taken, ...ended });
  return ended;
};

const takeBatch = async (store: Store, path: string, batch: readonly Step[]): Promise<boolean> => {
  let waiting = batch;
  for (let attempt = 0; attempt < ATTEMPTS && waiting.length > 0; attempt++) {
    const all = await Promise.all(waiting.map((step) => takeAndTell(store, path, step)));
    waiting = waiting.filter((_, index) => all.some((ended, at) => at === index && isFailed(ended)));
    await readGrantEvents(store).then(
      (facts) => tell({ about: 'facts', facts }),
      (error: unknown) => tell({ about: 'read', ...describeError(error) }),
    );
  }
  return waiting.length < batch.length;
};

const open = (path: string): Store | undefined => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const store = openSqliteStore(path);
      tell({ about: 'open', outcome: 'done' });
      return store;
    } catch (error) {
      tell({ about: 'open', ...describeError(error) });
    }
  }
  return undefined;
};

const [path = '', ending] = process.argv.slice(2);
const store = open(path);
let failedBatches = 0;
for (const batch of store === undefined ? [] : RUN) {
  if (store === undefined || failedBatches === FAILED_BATCHES_MAX) break;
  failedBatches = (await takeBatch(store, path, batch)) ? 0 : failedBatches + 1;
}
if (ending === 'die') process.kill(process.pid, 'SIGKILL');
const closed = await store?.close().then(() => ({ outcome: 'done' }), describeError);
tell({ about: 'close', ...(closed ?? { outcome: 'done' }) });
