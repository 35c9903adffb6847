import { createChance } from '../../support/chance.ts';
import { startKeyfob } from '../../support/keyfob-process.ts';
import { readMetrics } from '../../support/metrics-request.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import { makeHome } from '../../support/server-store.ts';
import { startBareServer } from '../bare-server.ts';
import { readPeakMemoryMb, startFlood } from '../flood.ts';
import type { Trial } from '../trial.ts';

/** An ordinary client, with more patience than a machine under load needs. */
const CLIENT = { name: 'overlap', dialect: 'smartcar', policy: {}, timeoutMs: 150_000 } as const;
/** Calls of the ordinary client before and during the flood. */
const CALLS = 30;
/** What may be answered of a connection that floods: as many requests as may wait, and the one before them. */
const ANSWERED_PER_CONNECTION_MAX = 257;
/** For the process, its waiting requests, and the bytes of one read of each connection. */
const MEMORY_MAX_MB = 256;
const MEMORY_PER_CONNECTION_MB = 0.25;

/** Floods a server with `count` connections while one ordinary client refreshes, and then a bare `node:http` server. */
export const floodTrial: Trial = async ({ count, seed, store, onProgress }) => {
  const home = await makeHome(store);
  if ('skipped' in home) return home;
  const load = await createLoad(home, [CLIENT], 1, createChance(seed));
  const server = await startKeyfob({ ...home, args: ['--log-level', 'error', '--admin-port', '0'] });
  let flood: ReturnType<typeof startFlood> | undefined;
  try {
    const memoryBeforeMb = readPeakMemoryMb(server.child.pid ?? 0);
    load.start(Number(new URL(server.url).port));
    await load.at('answered', CALLS);
    const floodedAtMs = performance.now();
    flood = startFlood(server.url, count);
    await load.at('answered', CALLS);
    await load.finish();
    flood.stop();
    onProgress(1, 2);
    const latencies = load.logs
      .flatMap(({ calls }) => calls)
      .flatMap(({ startMs, endMs }) => (endMs < floodedAtMs ? [] : [endMs - startMs]));
    const metrics = await readMetrics(server);
    const answered =
      metrics.get('keyfob_log_events_total{event="request.refused",reason="path_unknown"}') ?? 0;
    const memoryMb = readPeakMemoryMb(server.child.pid ?? 0);
    const bare = await floodBareServer(count);
    onProgress(2, 2);
    const memoryMaxMb = MEMORY_MAX_MB + MEMORY_PER_CONNECTION_MB * count;
    return reportOn(
      load.logs,
      {
        connections: count,
        answeredOfTheFlood: answered,
        slowestAnswerMs: Math.round(Math.max(...latencies)),
        slowestAnswerOfBareServerMs: bare.slowestMs,
        memoryBeforeMb: memoryBeforeMb ?? NaN,
        memoryMb: memoryMb ?? NaN,
        memoryOfBareServerMb: bare.memoryMb ?? NaN,
      },
      [
        ...(answered > count * ANSWERED_PER_CONNECTION_MAX ? ['more was answered than may wait'] : []),
        ...((memoryMb ?? 0) > memoryMaxMb ? [`the server used ${memoryMb} MiB`] : []),
      ],
    );
  } finally {
    flood?.stop();
    load.close();
    await server.stop();
    await home.remove();
  }
};

const floodBareServer = async (connections: number) => {
  const server = await startBareServer();
  const flood = startFlood(server.url, connections);
  try {
    let slowestMs = 0;
    for (let call = 0; call < CALLS; call++) {
      const startedAtMs = performance.now();
      await (await fetch(server.url)).text();
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - startedAtMs));
    }
    return { slowestMs, memoryMb: readPeakMemoryMb(server.pid) };
  } finally {
    flood.stop();
    server.stop();
  }
};
