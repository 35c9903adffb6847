import { setTimeout as sleep } from 'node:timers/promises';
import { createAnswerReader } from './answer.ts';
import type { Figures, Job, JobOutcome } from './job.ts';
import { commitsBetween, readCommits, readTogether } from './measure.ts';
import { openRefresher } from './refresher.ts';
import type { Refresher } from './refresher.ts';
import { percentileOf } from './statistics.ts';

/**
 * Drives one server from all connections at once and measures it; ends when every answer owed has come. Each
 * connection is opened and answered once before the next, for a busy server accepts only one in each turn of its
 * event loop, and the measured time would begin with some of them still waiting.
 */
export const driveLoad = async (job: Job): Promise<JobOutcome> => {
  const readAnswer = createAnswerReader(job.wire);
  const refreshers: Refresher[] = [];
  const wrong = Promise.withResolvers<{ readonly wrong: string }>();
  let answered = Promise.withResolvers<void>();
  let stage: 'open' | 'warmup' | 'measure' | 'end' = 'open';
  let owed = 1;
  const latenciesMs: number[] = [];
  const onAnswer = (latencyMs: number): boolean => {
    if (stage === 'measure') latenciesMs.push(latencyMs);
    if (stage === 'measure' || stage === 'warmup') return true;
    owed--;
    if (owed === 0) answered.resolve();
    return false;
  };

  const drive = async (): Promise<JobOutcome> => {
    for (const refreshToken of job.refreshTokens) {
      const refresher = await openRefresher(job, refreshToken, readAnswer, {
        onAnswer,
        onWrong: (what) => wrong.resolve({ wrong: what }),
      });
      refreshers.push(refresher);
      owed = 1;
      answered = Promise.withResolvers();
      refresher.refresh();
      await answered.promise;
    }
    owed = refreshers.length;
    answered = Promise.withResolvers();
    stage = 'warmup';
    for (const { refresh } of refreshers) refresh();
    await sleep(job.warmupMs);
    const before = readAll(job);
    stage = 'measure';
    // Of nothing there are no figures: a disk may stand still for longer than that.
    do await sleep(job.measureMs);
    while (latenciesMs.length === 0);
    stage = 'end';
    const figures = toFigures(before, readAll(job), latenciesMs);
    await answered.promise;
    return { figures, refreshTokens: refreshers.map(({ refreshToken }) => refreshToken()) };
  };

  const outcome = await Promise.race([drive(), wrong.promise]);
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
