import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Policy } from '@keyfob/server/clients';
import { openSqliteStore } from '@keyfob/server/stores';
import type { Store } from '@keyfob/server/stores';
import { buildShim, faultEnvironment } from './shim.ts';
import { idOf, refreshUseOf, STARTED_AT, SYNC_GRANT } from './steps.ts';
import type { Seen, Sequel } from './sync-process.ts';

const RUN_FILE = fileURLToPath(new URL('./sync-process.ts', import.meta.url));
const shim = buildShim();

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 5_184_000,
  accessTokenLifetimeSeconds: 7200,
  rotation: 'strict',
  overlapSeconds: 0,
  raceSeconds: 10,
  onReplay: 'revoke',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const fill = async (store: Store): Promise<void> => {
  const facts = {
    dialect: 'smartcar',
    type: 'confidential',
    redirectUris: [],
    consentRedirectUri: undefined,
    name: '',
    createdAt: STARTED_AT,
    disabledAt: undefined,
  } as const;
  await store.createClient({ id: SYNC_GRANT.clientId, policy: POLICY, secrets: [], ...facts });
  await store.createGrant({
    id: idOf(SYNC_GRANT.id),
    clientId: SYNC_GRANT.clientId,
    subject: 'owner',
    scope: 'read_odometer',
    brand: undefined,
    createdAt: STARTED_AT,
    generation: 0,
    keyNumber: 1,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  });
};

type Trial = {
  readonly seen: Seen;
  /** A store opened after the process ended. */
  readonly store: Store;
  readonly generation: number | undefined;
};

/** A process rotates 0 to 1, fails to sync the rotation of 1 to 2, and goes on as `sequel` says. */
const onFailedSync = async (
  t: TestContext,
  sequel: Sequel,
  isStoreOpenElsewhere: boolean,
  body: (trial: Trial) => Promise<void>,
): Promise<void> => {
  if ('missing' in shim) return t.skip(shim.missing);
  const directory = mkdtempSync(join(tmpdir(), 'fault-sync-'));
  const path = join(directory, 'keyfob.db');
  const marker = join(directory, 'syncs-fail');
  let store = openSqliteStore(path);
  try {
    await fill(store);
    if (!isStoreOpenElsewhere) await store.close();
    const fault = { errno: 'EIO', at: 1, lasts: true, calls: 'sync', marker } as const;
    const env = faultEnvironment(shim.path, fault, join(directory, 'calls.log'));
    const args = ['--conditions=keyfob-source', RUN_FILE, path, marker, sequel];
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, args, { env }, (_, out, err) => resolve({ stdout: out, stderr: err }));
    });
    assert.match(stdout, /^\{/, stderr);
    if (!isStoreOpenElsewhere) store = openSqliteStore(path);
    const generation = (await store.readGrant(idOf(SYNC_GRANT.id)))?.generation;
    await body({ seen: JSON.parse(stdout) as Seen, store, generation });
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

/** How the reopened store answers the token that the client still holds, `laterMs` after its failed use. */
const present = async (store: Store, laterMs: number): Promise<string> => {
  const use = refreshUseOf(SYNC_GRANT, 1, { keyNumber: 1, isRetryOfOurs: false });
  const result = await store.refresh({ ...use, nowMs: use.nowMs + laterMs });
  if (result === 'client_gone') return result;
  return result.verdict.kind === 'refuse' ? `refuse ${result.verdict.reason}` : result.verdict.kind;
};

const UNSEEN = { reported: 'outcome_unknown', bySameConnection: 1, byOtherConnection: 1 };

test('A commit whose sync fails is reported with an unknown outcome, and no connection sees it.', async (t) => {
  await onFailedSync(t, 'close', false, async ({ seen }) => {
    assert.deepEqual({ ...UNSEEN, ...seen }, { ...seen, ...UNSEEN });
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

test('A retry after a failed sync rotates as the first attempt would have, and survives the process.', async (t) => {
  await onFailedSync(t, 'retry and die', false, async ({ seen, generation }) => {
    assert.equal(seen.retried, 'rotate');
    assert.equal(generation, 2);
  });
});

test('A commit whose sync failed stays undone while another process has the store open.', async (t) => {
  await onFailedSync(t, 'die', true, async ({ generation, store }) => {
    assert.equal(generation, 1);
    assert.equal(await present(store, 3_600_000), 'rotate');
  });
});

test('A commit whose sync failed may come back when its process dies, and then counts like any other use.', async (t) => {
  await onFailedSync(t, 'die', false, async ({ generation, store }) => {
    t.diagnostic(`the grant has generation ${generation}, where 1 was acknowledged`);
    assert.ok(generation === 1 || generation === 2);
    const isThere = generation === 2;
    assert.equal(await present(store, 9999), isThere ? 'refuse raced' : 'rotate');
    assert.equal((await store.readGrant(idOf(SYNC_GRANT.id)))?.revocation, undefined);
    if (isThere) t.diagnostic(`its retry an hour later gets ${await present(store, 3_600_000)}`);
  });
});
