import { advanceClock, armFault, createGrantIn } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { refresh, tokenOf } from '../sandbox/requests.ts';

const HOUR_MS = 3_600_000;

/** Has something of every kind happen in a world: refreshes, a repeat, a lost answer, a replay, armed faults. */
export const openLivelyWorld = async (world: World): Promise<void> => {
  const kept = await createGrantIn(world, { subject: 'owner-1', vehicles: ['KMHKM81A0RU104217'] });
  await createGrantIn(world, { dialect: 'pleos', subject: 'owner-2', age: 'P29DT2H' });
  const replayed = await createGrantIn(world, { subject: 'owner-3' });
  let token = kept.refreshToken;
  for (let turn = 0; turn < 3; turn++) token = tokenOf(await refresh(world, token));
  await refresh(world, kept.refreshToken);
  armFault(world, { on: { grant: replayed.grant }, do: { loseAnswer: 'afterCommit' } });
  // The connection is reset.
  await refresh(world, replayed.refreshToken).catch(() => {});
  armFault(world, { on: { every: 3 }, do: { status: 503, bodyName: 'nginx-503' } });
  await advanceClock(world, { byMs: 3 * HOUR_MS });
  await refresh(world, replayed.refreshToken);
};
