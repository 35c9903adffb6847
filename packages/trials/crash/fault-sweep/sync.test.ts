import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toMillis } from '@keyfob/server/grants';
import type { Policy } from '@keyfob/server/clients';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { buildShim, faultEnvironment } from './shim.ts';
import { idOf, refreshUseOf, STARTED_AT, SYNC_GRANT } from './steps.ts';
import type { NextAction, Observation } from './sync-process.ts';

const RUN_FILE = fileURLToPath(new URL('./sync-process.ts', import.meta.url));
const shim = buildShim();

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 5_184_000,
  accessTokenLifetimeSeconds: 7200,
  rotation: 'strict',
  overlapSeconds: 0,
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

const createGrant = async (store: Store): Promise<void> => {
  const fields = {
    dialect: 'smartcar',
    type: 'confidential',
    redirectUris: [],
    consentRedirectUri: undefined,
    name: '',
    createdAtMs: toMillis(STARTED_AT),
    disabledAtMs: undefined,
  } as const;
  await store.createClient({ id: SYNC_GRANT.clientId, policy: POLICY, secrets: [], ...fields });
  await store.createGrant({
    id: idOf(SYNC_GRANT.id),
    clientId: SYNC_GRANT.clientId,
    subject: 'owner',
    scope: 'read_odometer',
    brand: undefined,
    createdAtMs: toMillis(STARTED_AT),
    generation: 0,
    keyNumber: 1,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  });
};

type Trial = {
  readonly observed: Observation;
  /** The store, open after the process has ended. */
  readonly store: Store;
  readonly generation: number | undefined;
};

/** A process rotates 0 to 1, fails to sync the rotation from 1 to 2, and continues with `nextAction`. */
const onFailedSync = async (
  t: TestContext,
  nextAction: NextAction,
  isStoreOpenElsewhere: boolean,
  body: (trial: Trial) => Promise<void>,
): Promise<void> => {
  if ('missing' in shim) return t.skip(shim.missing);
  const directory = mkdtempSync(join(tmpdir(), 'fault-sync-'));
  const path = join(directory, 'keyfob.db');
  const marker = join(directory, 'syncs-fail');
  let store = openSqliteStore(path);
  try {
    await createGrant(store);
    if (!isStoreOpenElsewhere) await store.close();
    const fault = { errno: 'EIO', at: 1, lasts: true, calls: 'sync', marker } as const;
    const env = faultEnvironment(shim.path, fault, join(directory, 'calls.log'));
    const args = ['--conditions=keyfob-source', RUN_FILE, path, marker, nextAction];
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, args, { env }, (_, out, err) => resolve({ stdout: out, stderr: err }));
    });
    assert.match(stdout, /^\{/, stderr);
    if (!isStoreOpenElsewhere) store = openSqliteStore(path);
    const generation = (await store.readGrant(idOf(SYNC_GRANT.id)))?.generation;
    await body({ observed: JSON.parse(stdout) as Observation, store, generation });
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Presents the client's token to the reopened store, `laterMs` after its failed use. Returns the verdict. */
const present = async (store: Store, laterMs: number): Promise<string> => {
  const use = refreshUseOf(SYNC_GRANT, 1, { keyNumber: 1, isRetryOfOurs: false });
  const result = await store.refresh({ ...use, nowMs: use.nowMs + laterMs });
  if (result === 'client_gone') return result;
  return result.verdict.kind === 'refuse' ? `refuse ${result.verdict.reason}` : result.verdict.kind;
};

const NOT_COMMITTED = { reported: 'outcome_unknown', sameConnectionReads: 1, otherConnectionReads: 1 };

test('A commit whose sync fails has an unknown outcome, and no connection sees it.', async (t) => {
  await onFailedSync(t, 'close', false, async ({ observed }) => {
    assert.deepEqual({ ...NOT_COMMITTED, ...observed }, { ...observed, ...NOT_COMMITTED });
  });
});

test('A commit whose sync failed is gone forever once the store is closed.', async (t) => {
  await onFailedSync(t, 'close', false, async ({ generation, store }) => {
    assert.equal(generation, 1);
    assert.equal(await present(store, 3_600_000), 'rotate');
  });
});

test('A commit whose sync failed is gone forever once another commit succeeds.', async (t) => {
  await onFailedSync(t, 'commit and die', false, async ({ generation, store }) => {
    assert.equal(generation, 1);
    assert.equal(await present(store, 3_600_000), 'rotate');
  });
});

test('A retry after a failed sync rotates normally, and its commit survives the process.', async (t) => {
  await onFailedSync(t, 'retry and die', false, async ({ observed, generation }) => {
    assert.equal(observed.retryVerdict, 'rotate');
    assert.equal(generation, 2);
  });
});

test('A commit whose sync failed stays undone while another process has the store open.', async (t) => {
  await onFailedSync(t, 'die', true, async ({ generation, store }) => {
    assert.equal(generation, 1);
    assert.equal(await present(store, 3_600_000), 'rotate');
  });
});

test('A commit whose sync failed may reappear when its process dies, and then counts like any other use.', async (t) => {
  await onFailedSync(t, 'die', false, async ({ generation, store }) => {
    t.diagnostic(`the grant has generation ${generation}; 1 was acknowledged`);
    assert.ok(generation === 1 || generation === 2);
    const hasReappeared = generation === 2;
    assert.equal(await present(store, 9999), hasReappeared ? 'refuse concurrent_use' : 'rotate');
    assert.equal((await store.readGrant(idOf(SYNC_GRANT.id)))?.revocation, undefined);
    if (hasReappeared) t.diagnostic(`a retry an hour later gets ${await present(store, 3_600_000)}`);
  });
});
