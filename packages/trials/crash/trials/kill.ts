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

/** How often a restarting server is killed again, usually before it listens. */
const KILL_AT_START_PROBABILITY = 1 / 12;
const EVENT_LOOP_TURNS_MAX = 100;
const OLD_TOKENS_PER_GRANT = 100;

/**
 * Kills the server with `kill -9` under refresh load, `count` times. Counts requests and answers instead of time, so the
 * moments are the same on a slow machine and on a fast one.
 */
export const killTrial: Trial = async ({ count, grants, seed, store, onProgress }) => {
  const chance = createChance(seed);
  const home = await makeHome(store);
  if ('skipped' in home) return home;
  // On PostgreSQL the restarted server knows which uses the killed one may not have answered.
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
      await waitTurns(chance.integer(0, EVENT_LOOP_TURNS_MAX));
      await victim.kill();
      while (chance.isTrue(KILL_AT_START_PROBABILITY) && (await isKilledAtStart(starter, chance)))
        killedInStart++;
      const startedAtMs = performance.now();
      server = await starter.start();
      longestRestartMs = Math.max(longestRestartMs, Math.round(performance.now() - startedAtMs));
      await load.renewLost();
      onProgress(kill, count);
    }
    await load.finish();
    await load.presentOld(OLD_TOKENS_PER_GRANT);
    const faults = await stopAndCheck(server, home);
    return reportOn(load.logs, { kills: count, killedInStart, longestRestartMs }, faults);
  } finally {
    load.close();
    if (server.child.exitCode === null && server.child.signalCode === null) await server.kill();
    await home.remove();
  }
};

/** Waits for some turns of the event loop, so that a kill does not always directly follow a request or an answer. */
const waitTurns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await setImmediate();
};

/** Starts a server and kills it, usually before it listens. Returns whether it was killed before. */
const isKilledAtStart = async (starter: Starter, chance: Chance): Promise<boolean> => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), chance.integer(20, 300));
  const spawn = { signal: controller.signal, killSignal: 'SIGKILL' } as const;
  try {
    const server = await starter.start({ spawn });
    await server.kill();
    return false;
  } catch {
    return true;
  }
};

/** Checks that the last server stops cleanly and leaves an intact store. */
const stopAndCheck = async (server: KeyfobServer, home: Home): Promise<readonly string[]> => {
  const code = await server.stop();
  const doctor = await runKeyfob(['doctor', '--data', home.dataDirectory], home.environment);
  return [
    ...(code === 0 ? [] : [`the server exited with ${code}`]),
    ...(doctor.code === 0 ? [] : [`keyfob doctor exited with ${doctor.code}: ${doctor.stdout}`]),
  ];
};
