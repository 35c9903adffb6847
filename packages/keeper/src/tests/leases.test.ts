import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { openKeeper } from '../keeper.ts';
import { oauth } from '../providers/vendors.ts';
import { memoryStore } from '../stores/sqlite/open.ts';
import type { Clock } from '../time.ts';
import { systemClock } from '../time.ts';
import { parseKeys } from '../vault/key-ring.ts';
import { createLeases } from '../refresh/leases.ts';
import type { Leases } from '../refresh/leases.ts';
import { isOwnerGone, isOwnerStopped, ownerName } from '../refresh/owner.ts';

const LEASE_MS = 20_000;
const OWNER = 'this process';
const keys = parseKeys([Buffer.alloc(32, 1).toString('base64url')]);
const cars = oauth({ clientId: 'fleet', clientSecret: 'secret', url: 'https://provider.example/token' });

/** A lease in a real store, held by a process whose clocks and alarms are moved by hand. */
const holdOne = async (): Promise<{
  readonly leases: Leases;
  readonly grantId: string;
  /** Time goes on: by both clocks for a stop, by one for a sleep. Then the alarms go off that are due. */
  pass(wallMs: number, monotonicMs: number): Promise<void>;
}> => {
  let [wallMs, monotonicMs] = [systemClock.wallMs(), 0];
  let alarms: { readonly atMs: number; readonly work: () => void }[] = [];
  const setAlarm = (delayMs: number, work: () => void): (() => void) => {
    alarms.push({ atMs: monotonicMs + delayMs, work });
    return () => undefined;
  };
  const clock: Clock = {
    wallMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    after: setAlarm,
    inBackground: setAlarm,
  };
  const store = await memoryStore()(clock);
  const keeper = await openKeeper({ store: async () => store, keys, clients: { cars }, isScheduling: false });
  await keeper.put('car', 'cars', { refreshToken: 'r' });
  const grant = await store.find('car');
  assert.ok(grant !== undefined);
  const leases = createLeases(store, OWNER, LEASE_MS, clock);
  const asked = leases.now();
  const attempt = { id: 'attempt', fingerprint: Buffer.alloc(32) };
  const claimed = await store.claim(grant.id, grant, { owner: OWNER, leaseMs: LEASE_MS, attempt });
  assert.ok(claimed !== undefined);
  leases.hold(claimed, asked);
  return {
    leases,
    grantId: grant.id,
    async pass(byWallMs, byMonotonicMs) {
      wallMs += byWallMs;
      monotonicMs += byMonotonicMs;
      const due = alarms.filter(({ atMs }) => atMs <= monotonicMs);
      alarms = alarms.filter(({ atMs }) => atMs > monotonicMs);
      for (const { work } of due) work();
      await new Promise((resolve) => void setImmediate(resolve));
    },
  };
};

describe('the right to send', () => {
  it('lives as long as it is renewed', async () => {
    const { leases, grantId, pass } = await holdOne();
    for (let times = 0; times < 20; times++) await pass(LEASE_MS / 3 + 1, LEASE_MS / 3 + 1);
    assert.equal(leases.isHeld(grantId), true);
  });

  it('is over after a stop beyond it, also where nobody has taken it: no renewal brings it back', async () => {
    const { leases, grantId, pass } = await holdOne();
    await pass(2 * LEASE_MS, 2 * LEASE_MS);
    assert.equal(leases.isHeld(grantId), false);
    await pass(LEASE_MS / 3 + 1, LEASE_MS / 3 + 1);
    assert.equal(leases.isHeld(grantId), false);
  });

  it('is over after a sleep beyond it, in which the monotonic clock stood still', async () => {
    const { leases, grantId, pass } = await holdOne();
    await pass(2 * LEASE_MS, 0);
    assert.equal(leases.isHeld(grantId), false);
    await pass(LEASE_MS / 3 + 1, LEASE_MS / 3 + 1);
    assert.equal(leases.isHeld(grantId), false);
  });

  it('is over where the wall clock was put back: that may hide a sleep', async () => {
    const { leases, grantId, pass } = await holdOne();
    await pass(2 * LEASE_MS - 3_600_000, 0);
    assert.equal(leases.isHeld(grantId), false);
  });
});

/** A process of this machine that has sent the token of a car, and a keeper on the same store. */
const startSender = async (scope: TestContext) => {
  let byMs = 0;
  const clock: Clock = {
    ...systemClock,
    wallMs: () => systemClock.wallMs() + byMs,
    monotonicMs: () => systemClock.monotonicMs() + byMs,
  };
  const store = await memoryStore()(clock);
  const sent: string[] = [];
  const keeper = await openKeeper({
    store: async () => store,
    keys,
    clients: { cars },
    isScheduling: false,
    clock,
    async transport({ body }, { maySend }) {
      await maySend();
      sent.push(body);
      const answer = JSON.stringify({ access_token: 'a', refresh_token: 'r 2', expires_in: 60 });
      return { kind: 'answered', status: 200, headers: {}, body: answer };
    },
  });
  await keeper.put('car', 'cars', { refreshToken: 'r' });
  const sender = spawn('sleep', ['600'], { stdio: 'ignore' });
  scope.after(() => void sender.kill('SIGKILL'));
  const owner = ownerName('sender', sender.pid);
  assert.equal(isOwnerGone({ owner }), false);
  const grant = await store.find('car');
  assert.ok(grant !== undefined);
  const attempt = { id: 'attempt', fingerprint: Buffer.alloc(32) };
  await store.claim(grant.id, grant, { owner, leaseMs: LEASE_MS, attempt });
  return {
    keeper,
    sent,
    wait: (more: number) => void (byMs += more),
    async stop() {
      sender.kill('SIGSTOP');
      while (!isOwnerStopped({ owner })) await new Promise((resolve) => void setImmediate(resolve));
    },
  };
};

describe('a token without an overlap, whose sender is another process', () => {
  it('is sent again after three exchanges where that one is stopped: the answer may be in its hands', async (scope) => {
    const { keeper, sent, wait, stop } = await startSender(scope);
    await stop();
    wait(LEASE_MS);
    assert.deepEqual((await keeper.refresh('car')).kind, 'later');
    assert.deepEqual((await keeper.inspect('car'))?.isAtRisk, true);
    wait(179_000 - LEASE_MS);
    assert.equal((await keeper.refresh('car')).kind, 'later');
    wait(2000);
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    assert.equal(sent.length, 1);
  });

  it('is sent again after one exchange where that one has lost its lease', async (scope) => {
    const { keeper, sent, wait } = await startSender(scope);
    wait(59_000);
    assert.equal((await keeper.refresh('car')).kind, 'later');
    wait(2000);
    assert.equal((await keeper.refresh('car')).kind, 'refreshed');
    assert.equal(sent.length, 1);
  });
});
