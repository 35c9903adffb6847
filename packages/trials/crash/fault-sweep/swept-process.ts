// The process whose disk fails. Executes every step of the run on the store named by the first argument, and writes a
// line to standard output as soon as a step is answered. The second argument says how it ends: close or die.
import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Policy } from '@keyfob/server/clients';
import { faultInEnglish, OperatorError, StoreError } from '@keyfob/server/errors';
import { toMillis } from '@keyfob/server/grants';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { codeOf, codeUseOf, idOf, readContents, refreshUseOf, RUN, STARTED_AT } from './steps.ts';
import type { Step, StoreContents } from './steps.ts';
import type { TakenStep } from './model.ts';

/** The result of a part of the run: an outcome, or an error. */
export type StepResult =
  | { readonly outcome: string; readonly generation?: number | undefined }
  | { readonly thrown: string; readonly message: string };

/** One line of the output. */
export type Line =
  | ({ readonly about: 'open' | 'close' | 'read' } & StepResult)
  | ({ readonly about: 'step' } & TakenStep & StepResult)
  | { readonly about: 'contents'; readonly contents: StoreContents };

/** How often a step, or opening the store, is tried. */
const ATTEMPTS_MAX = 2;
/** The run stops after this many consecutive batches without a success: the disk is gone. */
const FAILED_BATCHES_MAX = 2;
const STACK_LINES = 3;

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 90 * 86_400,
  accessTokenLifetimeSeconds: 3600,
  rotation: 'strict',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const report = (line: Line): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

const describeError = (error: unknown): StepResult => {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = stack.split('\n').slice(0, STACK_LINES).join('\n');
  if (error instanceof StoreError) return { thrown: error.kind, message };
  if (error instanceof OperatorError) return { thrown: 'OperatorError', message };
  return { thrown: 'unexpected error', message };
};

const isFailed = (result: StepResult): boolean => 'thrown' in result;

const secretOf = (id: string) => ({
  id,
  name: id,
  digest: new Uint8Array(32).fill(7),
  createdAtMs: toMillis(STARTED_AT),
  expiresAtMs: undefined,
  lastUsedAtMs: undefined,
});

/** For each grant, the generation of the client's token, and whether the outcome of its last use is unknown. */
const clientTokens = new Map<string, { generation: number; isOutcomeUnknown: boolean }>();

const clientTokenOf = (grant: string) => {
  const token = clientTokens.get(grant) ?? { generation: 0, isOutcomeUnknown: false };
  clientTokens.set(grant, token);
  return token;
};

const executeStep = async (
  store: Store,
  path: string,
  { step, presented, isRetryOfOurs }: TakenStep,
): Promise<StepResult> => {
  switch (step.verb) {
    case 'registerKey':
      await store.registerKey({
        number: step.number,
        purpose: 'seal',
        createdAtMs: toMillis(STARTED_AT),
        fingerprint: 'f'.repeat(32),
      });
      return { outcome: 'done' };
    case 'createClient': {
      const { client: id, rotation } = step;
      const fields = {
        id,
        dialect: 'smartcar',
        type: 'confidential',
        redirectUris: [],
        consentRedirectUri: undefined,
        name: id,
        createdAtMs: toMillis(STARTED_AT),
        disabledAtMs: undefined,
      } as const;
      const policy = { ...POLICY, rotation };
      return { outcome: await store.createClient({ ...fields, policy, secrets: [secretOf(`${id} first`)] }) };
    }
    case 'renameClient': {
      const outcome = await store.changeClient(step.client, { name: step.name });
      return { outcome: typeof outcome === 'string' ? outcome : outcome.faults.map(faultInEnglish).join() };
    }
    case 'addSecret':
      return { outcome: await store.addSecret(step.client, secretOf(step.secret)) };
    case 'createGrant': {
      const state = { generation: 0, keyNumber: 1, rotatedAtMs: [], createdAtMs: toMillis(STARTED_AT) };
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

/** Checkpoints the log as another program would. A failure here is not a failure of the store. */
const checkpoint = (path: string): void => {
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } finally {
      database.close();
    }
  } catch {
    // The disk failed for the other program.
  }
};

const executeAndReport = async (store: Store, path: string, step: Step): Promise<StepResult> => {
  const name = 'grant' in step ? step.grant : '';
  const token = clientTokenOf(step.verb === 'redeemCode' ? `code of ${name}` : name);
  const taken = { step, presented: token.generation, isRetryOfOurs: token.isOutcomeUnknown };
  const result = await executeStep(store, path, taken).catch(describeError);
  if (step.verb === 'refresh' || step.verb === 'redeemCode') {
    if ('thrown' in result) token.isOutcomeUnknown ||= result.thrown === 'outcome_unknown';
    else [token.generation, token.isOutcomeUnknown] = [result.generation ?? token.generation, false];
  }
  report({ about: 'step', ...taken, ...result });
  return result;
};

const executeBatch = async (store: Store, path: string, batch: readonly Step[]): Promise<boolean> => {
  let pending = batch;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && pending.length > 0; attempt++) {
    const results = await Promise.all(pending.map((step) => executeAndReport(store, path, step)));
    pending = pending.filter((_, index) => results.some((result, at) => at === index && isFailed(result)));
    await readContents(store).then(
      (contents) => report({ about: 'contents', contents }),
      (error: unknown) => report({ about: 'read', ...describeError(error) }),
    );
  }
  return pending.length < batch.length;
};

const open = (path: string): Store | undefined => {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      const store = openSqliteStore(path);
      report({ about: 'open', outcome: 'done' });
      return store;
    } catch (error) {
      report({ about: 'open', ...describeError(error) });
    }
  }
  return undefined;
};

const [path = '', ending] = process.argv.slice(2);
const store = open(path);
let failedBatches = 0;
for (const batch of store === undefined ? [] : RUN) {
  if (store === undefined || failedBatches === FAILED_BATCHES_MAX) break;
  failedBatches = (await executeBatch(store, path, batch)) ? 0 : failedBatches + 1;
}
if (ending === 'die') process.kill(process.pid, 'SIGKILL');
const closed = await store?.close().then(() => ({ outcome: 'done' }), describeError);
report({ about: 'close', ...(closed ?? { outcome: 'done' }) });
