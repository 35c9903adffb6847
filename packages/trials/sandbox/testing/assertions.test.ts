import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertBackedOff,
  assertHappened,
  assertHoldsCurrent,
  assertNeverReused,
  assertRefreshedOnce,
} from '@keyfob/sandbox/testing';
import { createSubject } from './code-under-test.ts';
import { failureOf, sandboxForFile } from './support.ts';

const sandbox = await sandboxForFile();
const openWorld = (): ReturnType<typeof sandbox.world> => sandbox.world({ clock: '2026-01-01' });

test('assertHoldsCurrent: holds for the newest token, also after a lost answer that the code repeated', async () => {
  await using world = await openWorld();
  const code = createSubject(world, await world.grant());
  await assertHoldsCurrent(world, code.stored());
  const fault = await world.faults.loseAnswer({ after: 'commit' });
  assert.equal(await code.refreshUntilAnswered(), 200);
  await assertHappened(fault, 1);
  await assertHoldsCurrent(world, code.stored());
  await assertNeverReused(world);
  await assertRefreshedOnce(world);
});

test('assertHoldsCurrent: says what the code holds, what is current, and how it came to that', async () => {
  await using world = await openWorld();
  const grant = await world.grant();
  const code = createSubject(world, grant);
  await world.faults.loseAnswer({ after: 'commit' });
  await code.refresh().catch(() => {});
  await world.clock.advance({ minutes: 2 });
  assert.equal(
    await failureOf(assertHoldsCurrent(world, code.stored())),
    `The code holds g1/0, but the current refresh token is g1/1.
Presenting it would be: ${(await world.holds(grant.refreshToken)).wouldBe}. ${(await world.holds(grant.refreshToken)).because}

Requests:
  #1 2026-01-01T00:00:00Z refresh g1/0: rotate, committed; the answer was lost`,
  );
});

test('assertHoldsCurrent: a dead, a foreign, another kind of token and none get different messages', async () => {
  await using world = await openWorld();
  const grant = await world.grant();
  const fail = (token: string | undefined): Promise<string> => failureOf(assertHoldsCurrent(world, token));
  assert.equal(await fail(undefined), 'The code holds no refresh token: it gave undefined.');
  assert.equal(await fail(''), 'The code holds no refresh token: it gave "".');
  assert.equal(await fail('rt-123'), 'What the code holds is no token of this world.\n\nNo request came.');
  assert.match(
    await fail(grant.accessToken),
    /^What the code holds is not a refresh token, but the access token of g1\./,
  );
  await grant.revoke();
  assert.match(
    await fail(grant.refreshToken),
    /^The code holds g1\/0, the newest refresh token of g1, but it is dead\.\nPresenting it would be: refuse\./,
  );
});

test('assertNeverReused: fails where the successor had arrived, also where the vendor tolerates it', async () => {
  await using world = await openWorld();
  const grant = await world.grant();
  const code = createSubject(world, grant);
  await code.refresh();
  await code.refresh(grant.refreshToken);
  const message = await failureOf(assertNeverReused(world));
  assert.match(
    message,
    /^The code presented g1\/0 again, when it had g1\/1 already\.\n {2}got it {3}#1 .*\n {2}reused {3}#2 .*: repeat/,
  );
  await assertNeverReused(world, { after: 2 });
  await assertNeverReused(world, { grant: 'g9' });
});

test('assertNeverReused: two at once have not reused, because neither had an answer', async () => {
  await using world = await openWorld();
  const code = createSubject(world, await world.grant());
  const fault = await world.faults.delay({ milliseconds: 100, times: 2 });
  await Promise.all([code.refresh(), code.refresh()]);
  await assertHappened(fault, 2);
  await assertNeverReused(world);
  assert.match(
    await failureOf(assertRefreshedOnce(world)),
    /^The code refreshed 2 times \(2 got tokens\), and once was enough\. Let callers share one refresh\.\n\nRequests:\n {2}#1/,
  );
});

test('assertRefreshedOnce: none, given up and refused get different messages', async () => {
  await using world = await openWorld();
  const grant = await world.grant({ client: 'pleos' });
  const code = createSubject(world, grant);
  assert.equal(await failureOf(assertRefreshedOnce(world)), 'The code did not refresh.\n\nNo request came.');
  await world.faults.loseAnswer({ after: 'commit' });
  await code.refresh().catch(() => {});
  assert.match(await failureOf(assertRefreshedOnce(world)), /^The code did not get through/);
  await code.refresh();
  assert.match(await failureOf(assertRefreshedOnce(world)), /^The code refreshed once, and was refused\./);
});

test('assertBackedOff: Retry-After has to pass, by the clock of the world or the real one', async () => {
  await using world = await openWorld();
  const code = createSubject(world, await world.grant());
  await world.faults.answer({ status: 503, headers: { 'retry-after': '120' }, times: 2 });
  await code.refresh();
  await world.clock.advance({ seconds: 120 });
  await code.refresh();
  await assertBackedOff(world);
  await world.clock.advance({ seconds: 119 });
  await code.refresh();
  assert.match(
    await failureOf(assertBackedOff(world)),
    /^The code waited 119 s before it refreshed again, and 120 s was asked for\.\n {2}failed {3}#2 .* a fault answered 503\n {2}again {4}#3/,
  );
});

test('assertBackedOff: one retry may be at once, and a storm is not', async () => {
  await using world = await openWorld();
  const code = createSubject(world, await world.grant());
  await world.faults.answer({ status: 502, bodyName: 'nginx-502', times: 'always' });
  await code.refresh();
  await code.refresh();
  await assertBackedOff(world);
  await code.refresh();
  const message = await failureOf(assertBackedOff(world, { atLeast: { minutes: 1 } }));
  assert.match(message, /and 60 s was asked for/);
  await world.faults.clear();
  await world.clock.advance({ hours: 1 });
  await code.refresh();
  await code.refresh();
  await assertBackedOff(world, { after: 3 }).then(
    () => assert.fail('nothing failed'),
    (error: Error) =>
      assert.match(error.message, /^No refresh failed, so there was nothing to back off from/),
  );
});

test('assertBackedOff: a wait that moves no clock is explained, and a refused token is not presented again', async () => {
  await using world = await openWorld();
  const grant = await world.grant();
  const code = createSubject(world, grant);
  await world.faults.answer({ status: 429, headers: { 'Retry-After': '60' }, times: 'always' });
  await Promise.all([code.refresh(), code.refresh()]);
  assert.match(
    await failureOf(assertBackedOff(world)),
    /The clock of the world stood still: a wait on fake timers counts if/,
  );
  await world.faults.clear();
  await grant.revoke();
  await code.refresh();
  await code.refresh();
  assert.match(
    await failureOf(assertBackedOff(world, { after: 2 })),
    /^The code presented g1\/0 again, which had been refused\. Stop, and ask the owner to consent again\./,
  );
});

test('assertHappened: a fault that nobody met is a failure', async () => {
  await using world = await openWorld();
  const fault = await world.faults.loseAnswer({ before: 'commit', nth: 2 });
  await createSubject(world, await world.grant()).refresh();
  assert.equal(
    await failureOf(assertHappened(fault)),
    'The fault f1 (loseAnswer) happened 0 times: 1 requests fitted its endpoint, client and grant.',
  );
  assert.equal((await world.faults.list()).length, 1);
  await fault.remove();
  assert.deepEqual(await world.faults.list(), []);
});
