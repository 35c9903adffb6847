import { readNow } from '../../clock.ts';
import type { Millis } from '../../clock.ts';
import type { OperationContext } from '../../operations/context.ts';
import { findGrants } from '../../operations/find-grants.ts';
import type { GrantSearch } from '../../operations/find-grants.ts';
import { reinstateGrant } from '../../operations/reinstate-grant.ts';
import { revokeGrant } from '../../operations/revoke-grant.ts';
import type { GrantId } from '../../tokens/grant-id.ts';

export const JOB_ACTIONS = ['revoke', 'reinstate'] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

/** A change of every grant that a filter finds, under way or over. */
export type Job = {
  readonly id: string;
  readonly action: JobAction;
  /** How many grants the filter found at the start. */
  readonly count: number;
  readonly startedAtMs: Millis;
  /** Grants that this job changed, and those that were in that state before or are gone. */
  readonly changed: number;
  readonly unchanged: number;
  readonly state: 'running' | 'finished' | 'stopped' | 'failed';
};

type JobContext = Pick<OperationContext, 'store' | 'clock' | 'doubt' | 'emit'>;

type WantedJob = Pick<Job, 'id' | 'action' | 'count'> & {
  readonly filter: GrantSearch;
  /** Whether its starter still may: asked before every page of grants, so that a stolen key that is removed ends its job. */
  readonly isStillAllowed: () => Promise<boolean>;
};

/** The jobs of this process. They end with it: what they changed stays changed, and the audit log says that they began. */
export type Jobs = {
  /** `busy` while another one runs. `onEnd` gets it when it is over. */
  start(wanted: WantedJob, onEnd: (job: Job) => Promise<void>): Job | 'busy';
  /** Newest first. */
  list(): readonly Job[];
  read(id: string): Job | undefined;
  stop(id: string): Job | undefined;
  /** Stops all and waits for the running one. */
  close(): Promise<void>;
};

const KEPT_JOBS = 20;
const PAGE_GRANTS = 200;

/** How many grants a filter finds. Throws `StoreError`. */
export const countGrantsFound = async (context: JobContext, filter: GrantSearch): Promise<number> => {
  let count = 0;
  let after: GrantId | undefined;
  do {
    const page = await findGrants(context, filter, { after, limit: 1000 });
    count += page.grants.length;
    after = page.next;
  } while (after !== undefined);
  return count;
};

export const createJobs = (context: JobContext, report: (error: unknown) => void): Jobs => {
  const jobs = new Map<string, Job>();
  const stopped = new Set<string>();
  let running: Promise<void> | undefined;

  const change = (id: string, part: Partial<Job>): Job | undefined => {
    const job = jobs.get(id);
    if (job === undefined) return undefined;
    const next = { ...job, ...part };
    jobs.set(id, next);
    return next;
  };

  const work = async ({ id, action, filter, isStillAllowed }: WantedJob): Promise<void> => {
    let after: GrantId | undefined;
    do {
      if (!(await isStillAllowed())) stopped.add(id);
      if (stopped.has(id)) return;
      const page = await findGrants(context, filter, { after, limit: PAGE_GRANTS });
      for (const { grant } of page.grants) {
        if (stopped.has(id)) return;
        const outcome =
          action === 'revoke'
            ? await revokeGrant(context, grant, { cause: 'operator', requestId: id })
            : await reinstateGrant(context, grant, { requestId: id });
        const { changed = 0, unchanged = 0 } = jobs.get(id) ?? {};
        const isChanged = outcome === 'revoked' || outcome === 'reinstated';
        change(id, isChanged ? { changed: changed + 1 } : { unchanged: unchanged + 1 });
      }
      after = page.next;
    } while (after !== undefined && !stopped.has(id));
  };

  return {
    start(wanted, onEnd) {
      const { id, action, count } = wanted;
      if (running !== undefined) return 'busy';
      const { nowMs: startedAtMs } = readNow(context);
      const job: Job = { id, action, count, startedAtMs, changed: 0, unchanged: 0, state: 'running' };
      jobs.set(id, job);
      for (const old of [...jobs.keys()].slice(0, -KEPT_JOBS)) jobs.delete(old);
      const run = async (): Promise<void> => {
        try {
          await work(wanted);
          change(id, { state: stopped.has(id) ? 'stopped' : 'finished' });
        } catch (error) {
          change(id, { state: 'failed' });
          report(error);
        }
        const ended = jobs.get(id);
        if (ended !== undefined) await onEnd(ended).catch(report);
        running = undefined;
      };
      running = run();
      return job;
    },
    list: () => [...jobs.values()].toReversed(),
    read: (id) => jobs.get(id),
    stop(id) {
      if (jobs.get(id)?.state === 'running') stopped.add(id);
      return jobs.get(id);
    },
    async close() {
      for (const id of jobs.keys()) stopped.add(id);
      await running;
    },
  };
};
