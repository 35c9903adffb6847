import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toMillis } from '@keyfob/server/grants';
import { registrationOf, sealRefreshToken, uuidV4Shape } from '@keyfob/server/tokens';
import { sampleGrant } from '../support/samples.ts';
import { createResourceTrial } from './resource-trial.ts';

/** The caller of every request of the trial. */
const CALLER = { address: '192.0.2.7', userAgent: 'trial/1' };

for (const [what, rotatedBy, differs] of [
  ['its first user', CALLER, undefined],
  ['another address', { ...CALLER, address: '198.51.100.1' }, 'address'],
  ['another program', { ...CALLER, userAgent: 'curl/8' }, 'user_agent'],
] as const)
  test(`a repeat within the overlap, after a use by ${what}, ${differs === undefined ? 'is nothing to look at' : 'is reported with both callers'}`, async () => {
    const trial = createResourceTrial();
    const app = await trial.register('smartcar');
    const rotatedAtMs = [toMillis(trial.nowSeconds())];
    const { grant, refreshToken: successor } = await trial.grant(app, {
      generation: 1,
      rotatedAtMs,
      rotatedBy,
    });
    const used = sealRefreshToken(trial.context.keyRing.seal.active, uuidV4Shape, grant.id, 0);
    const answer = await trial.refresh(app, used);
    assert.deepEqual([answer.status, answer.body['refresh_token']], [200, successor]);
    assert.deepEqual(
      trial.events.map(({ event }) => event),
      differs === undefined ? ['refresh.repeated'] : ['refresh.repeated_by_other', 'refresh.repeated'],
    );
    const [event] = trial.events;
    if (event?.event !== 'refresh.repeated_by_other') return;
    assert.deepEqual([event.caller, event.firstUsedBy, event.differs], [CALLER, rotatedBy, differs]);
    assert.equal(event.clientId, app.client.id);
  });

const IMPORTED = 'imported-token';

/** A client whose tokens do not rotate, with a grant for which it has an imported token. */
const openImported = async (keyNumber: number) => {
  const trial = createResourceTrial();
  const app = await trial.register('smartcar', { policy: { rotation: 'none' } });
  const nowMs = trial.context.clock();
  const grant = sampleGrant({ clientId: app.client.id, createdAtMs: nowMs, keyNumber });
  const digest = createHash('sha256').update(IMPORTED).digest();
  const row = { grant, digest, expiresAtMs: nowMs + 1e9, vehicles: [] };
  await trial.memory.importGrants([row], { nowMs });
  for (const key of trial.context.keyRing.keys) await trial.memory.registerKey(registrationOf(key));
  const keyNumberNow = async () => (await trial.memory.readGrant(grant.id))?.keyNumber;
  return { trial, nowMs, keyNumberNow, refresh: (token = IMPORTED) => trial.refresh(app, token) };
};

test('without rotation, an imported token is exchanged for one of the active key once the key of its grant is compromised', async () => {
  const { trial, nowMs, keyNumberNow, refresh } = await openImported(1);
  await trial.rotateKeys();
  assert.equal((await refresh()).status, 200);
  assert.equal(await keyNumberNow(), 1, 'an older key is usable');
  const withdrawal = { state: 'compromised', atMs: nowMs, opensUntilMs: nowMs + 1e6 } as const;
  assert.equal(await trial.memory.withdrawKey(1, withdrawal), 'withdrawn');
  const [replaced, raced] = await Promise.all([refresh(), refresh()]);
  assert.equal(await keyNumberNow(), trial.context.keyRing.seal.active.number);
  trial.advanceSeconds(2000);
  const again = await refresh();
  const next = await refresh(String(replaced.body['refresh_token']));
  for (const { status, body } of [replaced, raced, again, next])
    assert.deepEqual([status, body['refresh_token']], [200, replaced.body['refresh_token']]);
});

test('without rotation, an imported token whose grant has a key that the ring lacks waits for a newer one, and is exchanged where it is older', async () => {
  const newer = await openImported(99);
  assert.deepEqual([(await newer.refresh()).status, await newer.keyNumberNow()], [503, 99]);
  const older = await openImported(2);
  assert.deepEqual([(await older.refresh()).status, await older.keyNumberNow()], [200, 1]);
});
