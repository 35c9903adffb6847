import assert from 'node:assert/strict';
import test from 'node:test';
import { armFault, createGrantIn } from '@keyfob/sandbox';
import type { Sandbox } from '@keyfob/sandbox';
import { openSandbox } from './support.ts';
import { refresh } from './requests.ts';

const REFRESHES = 30;

/** One life of a client under chance, as the journal tells it. */
const runOnce = async (sandbox: Sandbox, seed: string): Promise<readonly unknown[]> => {
  const world = await sandbox.createWorld({ seed, clock: '2026-01-01' });
  let { refreshToken: token } = await createGrantIn(world, { client: 'smartcar-until-used' });
  armFault(world, { on: { probability: 0.3 }, do: { loseAnswer: 'afterCommit' } });
  armFault(world, { on: { probability: 0.2 }, do: { status: 503, body: '' } });
  for (let round = 0; round < REFRESHES; round++) {
    const answer = await refresh(world, token, 'smartcar-until-used').catch(() => 0);
    if (typeof answer !== 'number') token = answer.refreshToken;
  }
  return world.journal
    .read({ stage: 'ended' })
    .requests.map(({ requestId, token: shown, verdict, faults, answer, delivered }) => [
      requestId,
      shown,
      verdict,
      faults,
      answer?.refreshToken,
      delivered,
    ]);
};

test('the same seed gives the same run: ids, tokens, faults and verdicts', async (t) => {
  const sandbox = await openSandbox(t);
  const [one, again, other] = await Promise.all([
    runOnce(sandbox, 'chance'),
    runOnce(sandbox, 'chance'),
    runOnce(sandbox, 'another'),
  ]);
  assert.deepEqual(one, again);
  assert.notDeepEqual(one, other);
  const faults = new Set(
    one.flatMap((row) => (row as readonly [unknown, unknown, unknown, readonly string[]])[3]),
  );
  assert.ok(faults.has('f1') && faults.has('f2'), 'chance struck both');
});
