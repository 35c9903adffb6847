import type { Figures, Job, JobOutcome } from './job.ts';
import { startScript } from './targets/script-process.ts';

/** The load generator, which runs in a separate process. */
export type Generator = {
  readonly pid: number;
  /** Runs one job; jobs must not overlap. Rejects with `WrongAnswer` on the first wrong answer. */
  measure(job: Job): Promise<{ readonly figures: Figures; readonly refreshTokens: readonly string[] }>;
  close(): Promise<void>;
};

/** A server gave a wrong answer, so its figures are not valid. */
export class WrongAnswer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WrongAnswer';
  }
}

/** Starts the generator. */
export const startGenerator = async (): Promise<Generator> => {
  const { pid, ask, close } = await startScript<string>(new URL('generator.ts', import.meta.url));
  return {
    pid,
    async measure(job) {
      const outcome = await ask<JobOutcome>(job);
      if ('wrong' in outcome) throw new WrongAnswer(outcome.wrong);
      return outcome;
    },
    close,
  };
};
