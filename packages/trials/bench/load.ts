import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswerReader } from './answer.ts';
import type { Figures, Job, JobOutcome } from './job.ts';
import { commitsBetween, readCommits, readTogether } from './measure.ts';
import { openRefresher } from './refresher.ts';
import type { Refresher } from './refresher.ts';
import { percentileOf } from './statistics.ts';

/**
 * Loads one server from all connections at once and measures it. Resolves when no answer is outstanding. Each connection
 * gets its first answer before the next one opens: a busy server accepts only one connection in each turn of its event
 * loop, so some would still be waiting when the measurement begins.
 */
export const driveLoad = async (job: Job): Promise<JobOutcome> => {
  const readAnswer = createAnswerReader(job.wire);
  const refreshers: Refresher[] = [];
  const wrong = Promise.withResolvers<{ readonly wrong: string }>();
  let answered = Promise.withResolvers<void>();
  let stage: 'open' | 'warmup' | 'measure' | 'end' = 'open';
  let outstanding = 1;
  const latenciesMs: number[] = [];
  const onAnswer = (latencyMs: number): boolean => {
    if (stage === 'measure') latenciesMs.push(latencyMs);
    if (stage === 'measure' || stage === 'warmup') return true;
    outstanding--;
    if (outstanding === 0) answered.resolve();
    return false;
  };

  const run = async (): Promise<JobOutcome> => {
    for (const refreshToken of job.refreshTokens) {
      const refresher = await openRefresher(job, refreshToken, readAnswer, {
        onAnswer,
        onWrong: (fault) => wrong.resolve({ wrong: fault }),
      });
      refreshers.push(refresher);
      outstanding = 1;
      answered = Promise.withResolvers();
      refresher.refresh();
      await answered.promise;
    }
    outstanding = refreshers.length;
    answered = Promise.withResolvers();
    stage = 'warmup';
    for (const { refresh } of refreshers) refresh();
    await sleep(job.warmupMs);
    const before = readAll(job);
    stage = 'measure';
    // A disk can stall for longer than the measured time, and figures need at least one answer.
    do await sleep(job.measureMs);
    while (latenciesMs.length === 0);
    stage = 'end';
    const figures = toFigures(before, readAll(job), latenciesMs);
    await answered.promise;
    return { figures, refreshTokens: refreshers.map(({ refreshToken }) => refreshToken()) };
  };

  const outcome = await Promise.race([run(), wrong.promise]);
  for (const { close } of refreshers) close();
  return outcome;
};

type Reading = ReturnType<typeof readAll>;

const readAll = ({ pids, walIndexPath }: Job) => ({
  atMs: performance.now(),
  server: readTogether(pids),
  commits: walIndexPath === undefined ? undefined : readCommits(walIndexPath),
  generatorCpu: process.cpuUsage(),
});

const toFigures = (before: Reading, after: Reading, latenciesMs: readonly number[]): Figures => {
  const sorted = Float64Array.from(latenciesMs).sort();
  const requests = sorted.length;
  const seconds = (after.atMs - before.atMs) / 1000;
  const generator =
    after.generatorCpu.user +
    after.generatorCpu.system -
    before.generatorCpu.user -
    before.generatorCpu.system;
  return {
    requests,
    requestsPerSecond: requests / seconds,
    p50Ms: percentileOf(sorted, 0.5),
    p99Ms: percentileOf(sorted, 0.99),
    p999Ms: percentileOf(sorted, 0.999),
    longestMs: percentileOf(sorted, 1),
    ...(before.server === undefined || after.server === undefined
      ? {}
      : {
          cpuMicrosPerRequest: (after.server.cpuMicros - before.server.cpuMicros) / requests,
          residentBytes: after.server.residentBytes,
        }),
    ...(before.server?.writtenBytes === undefined || after.server?.writtenBytes === undefined
      ? {}
      : { writtenBytesPerRequest: (after.server.writtenBytes - before.server.writtenBytes) / requests }),
    ...(after.server?.residentMaxBytes === undefined
      ? {}
      : { residentMaxBytes: after.server.residentMaxBytes }),
    ...(before.commits === undefined || after.commits === undefined
      ? {}
      : { commitsPerSecond: commitsBetween(before.commits, after.commits) / seconds }),
    generatorCpuShare: generator / 1e6 / seconds,
  };
};
