import { setImmediate } from 'node:timers/promises';
import { runKeyfob } from '../../support/keyfob-process.ts';
import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { createChance } from '../../support/chance.ts';
import type { Chance } from '../../support/chance.ts';
import { CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { startOnFixedPort } from '../../support/fixed-port.ts';
import type { Starter } from '../../support/fixed-port.ts';
import { makeHome } from '../../support/server-store.ts';
import type { Home } from '../../support/server-store.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import type { Trial } from '../trial.ts';

/** Of the restarts, those that are killed as well before they serve. */
const KILLED_IN_START_PROBABILITY = 1 / 12;
const TURNS_MAX = 100;
const OLD_TOKENS_A_GRANT = 100;

/**
 * `kill -9` under refresh load, `count` times. The moments are counted in requests sent and answers read, not in
 * time, so that a slow machine is killed at the same moments as a fast one.
 */
export const killTrial: Trial = async ({ count, grants, seed, store, onProgress }) => {
  const chance = createChance(seed);
  const home = await makeHome(store);
  if ('skipped' in home) return home;
  // On PostgreSQL a server that comes after a killed one knows what that one may not have answered.
  const kinds = CLIENT_KINDS.map((kind) => (store === 'postgres' ? { ...kind, mayLoseGrants: false } : kind));
  const load = await createLoad(home, kinds, grants, chance.fork());
  const { starter, server: first } = await startOnFixedPort(home);
  let server = first;
  let killedInStart = 0;
  let longestRestartMs = 0;
  try {
    load.start(starter.port);
    for (let kill = 1; kill <= count; kill++) {
      const victim = server;
      await load.at(chance.pick(['sent', 'answered']), chance.integer(1, grants * 5));
      await turns(chance.integer(0, TURNS_MAX));
      await victim.kill();
      while (chance.isTrue(KILLED_IN_START_PROBABILITY) && (await isKilledInStart(starter, chance)))
        killedInStart++;
      const beganMs = performance.now();
      server = await starter.start();
      longestRestartMs = Math.max(longestRestartMs, Math.round(performance.now() - beganMs));
      await load.renewLost();
      onProgress(kill, count);
    }
    await load.finish();
    await load.presentOld(OLD_TOKENS_A_GRANT);
    const faults = await endServer(server, home);
    return reportOn(load.logs, { kills: count, killedInStart, longestRestartMs }, faults);
  } finally {
    load.close();
    if (server.child.exitCode === null && server.child.signalCode === null) await server.kill();
    await home.remove();
  }
};

/** Lets the event loop turn, so that a kill does not always fall right behind a request or an answer. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await setImmediate();
};

/** Starts a server and kills it, most often before it listens. */
const isKilledInStart = async (starter: Starter, chance: Chance): Promise<boolean> => {
  const killing = new AbortController();
  setTimeout(() => killing.abort(), chance.integer(20, 300));
  const spawn = { signal: killing.signal, killSignal: 'SIGKILL' } as const;
  try {
    const server = await starter.start({ spawn });
    await server.kill();
    return false;
  } catch {
    return true;
  }
};

/** A server that was killed so often still stops as it should, and leaves a store that is whole. */
const endServer = async (server: KeyfobServer, home: Home): Promise<readonly string[]> => {
  const code = await server.stop();
  const doctor = await runKeyfob(['doctor', '--data', home.dataDirectory], home.environment);
  return [
    ...(code === 0 ? [] : [`the server stopped with ${code}`]),
    ...(doctor.code === 0 ? [] : [`keyfob doctor ended with ${doctor.code}: ${doctor.stdout}`]),
  ];
};
