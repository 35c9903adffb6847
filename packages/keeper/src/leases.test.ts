import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openKeeper } from './keeper.ts';
import { oauth } from './providers/vendors.ts';
import { memoryStore } from './stores/sqlite/open.ts';
import type { Clock } from './time.ts';
import { systemClock } from './time.ts';
import { parseKeys } from './vault/key-ring.ts';
import { createLeases } from './refresh/leases.ts';
import type { Leases } from './refresh/leases.ts';

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
