import assert from 'node:assert/strict';
import test from 'node:test';
import { advanceClock, armFault, createGrantIn } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { openSandbox } from './support.ts';
import { refresh, tokenOf } from './requests.ts';

const WORLDS = 100;
const ROUNDS = 6;
const DAY = 86_400_000;

/** One client that refreshes in its world, and loses an answer in every third. */
const live = async (world: World, index: number): Promise<void> => {
  let { refreshToken: token } = await createGrantIn(world);
  if (index % 3 === 0) armFault(world, { on: { nth: 3 }, do: { loseAnswer: 'afterCommit' } });
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await refresh(world, token).catch(() => refresh(world, token));
    token = tokenOf(answer);
    await advanceClock(world, { byMs: (index % 7) * DAY });
  }
};

test('a hundred worlds under load at once: clocks, faults, grants and journals do not mix', async (t) => {
  const sandbox = await openSandbox(t);
  const worlds = await Promise.all(
    Array.from({ length: WORLDS }, (_, index) =>
      sandbox.createWorld({ seed: `world ${index}`, clock: '2026-01-01' }),
    ),
  );
  await Promise.all(worlds.map(live));
  worlds.forEach((world, index) => {
    assert.equal(world.clock.now(), Date.UTC(2026, 0, 1) + ROUNDS * (index % 7) * DAY);
    const { requests } = world.journal.read({ stage: 'ended' });
    // Each third world lost one answer, and repeated its token.
    assert.equal(requests.length, ROUNDS + (index % 3 === 0 ? 1 : 0));
    assert.ok(requests.every(({ grant }) => grant === 'g1'));
    assert.ok(requests.every(({ verdict }) => verdict === 'rotate' || verdict === 'repeat'));
  });

  const [first, second] = worlds;
  assert.ok(first !== undefined && second !== undefined);
  const { refreshToken } = await createGrantIn(first, { subject: 'owner-2' });
  assert.equal(await refresh(second, refreshToken), 400, 'a token of another world is unknown');
});
