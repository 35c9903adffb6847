import type { Figures, Job, JobOutcome } from './job.ts';
import { startScript } from './targets/script-process.ts';

/** The load generator, in a process of its own. */
export type Generator = {
  readonly pid: number;
  /** One at a time. Rejects with `WrongAnswer` at the first answer that is not right. */
  measure(job: Job): Promise<{ readonly figures: Figures; readonly refreshTokens: readonly string[] }>;
  close(): Promise<void>;
};

/** A server did not answer as it must: nothing measured on it counts. */
export class WrongAnswer extends Error {
  constructor(what: string) {
    super(what);
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
