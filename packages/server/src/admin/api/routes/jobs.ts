import type { GrantSearch } from '../../../operations/find-grants.ts';
import type { ApiRoute, ApiVisit } from '../api-route.ts';
import { oneOf, wholeNumber } from '../fields.ts';
import { countGrantsFound, JOB_ACTIONS } from '../jobs.ts';
import type { Job, JobAction } from '../jobs.ts';
import { Problem } from '../problem.ts';
import { viewJob } from '../views.ts';
import { SEARCH_FIELDS, searchOf } from './grants.ts';

/** A filter that names no client, owner or vehicle would mean every grant, so it is refused. */
const filterOf = (values: Readonly<Record<string, unknown>>): GrantSearch => {
  const search = searchOf(values);
  if ([search.clientId, search.subject, search.vin, search.requestId].every((one) => one === undefined))
    throw new Problem('body_invalid', {
      en: 'a filter names a client, a subject, a vin or a request',
      ko: '조건에는 클라이언트, 소유자, VIN 또는 요청이 있어야 합니다.',
    });
  return search;
};

const jobOf = (found: Job | undefined): Job => {
  if (found === undefined)
    throw new Problem('not_found', {
      en: 'there is no such job on this node',
      ko: '이 노드에 해당하는 작업이 없습니다.',
    });
  return found;
};

const idOf = ({ path }: ApiVisit): string => path['jobId'] ?? '';

/** What the audit log says of a filter: owners are not named. */
const describeFilter = ({ subject, vin, ...search }: GrantSearch) => ({
  ...search,
  by: [...(subject === undefined ? [] : ['subject']), ...(vin === undefined ? [] : ['vin'])],
});

export const JOB_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/jobs/count',
    tag: 'Jobs',
    summary: 'Counts the grants that a filter finds, for a job to repeat',
    permission: 'grants.bulk',
    body: SEARCH_FIELDS,
    answers: { status: 200, schema: 'GrantCount' },
    async handle(context, visit) {
      const filter = filterOf(visit.body);
      const count = await countGrantsFound(context, filter);
      // Whether an owner or a vehicle has grants is a look at them.
      await visit.look('', { ...describeFilter(filter), found: count });
      return { status: 200, body: { count } };
    },
  },
  {
    method: 'POST',
    path: '/jobs',
    tag: 'Jobs',
    summary: 'Revokes or reinstates every grant that a filter finds, if they are as many as the request says',
    permission: 'grants.bulk',
    action: 'grant.bulk',
    body: {
      ...SEARCH_FIELDS,
      action: { schema: oneOf(JOB_ACTIONS), isRequired: true, purpose: 'What is done with each.' },
      count: {
        schema: wholeNumber(1, Number.MAX_SAFE_INTEGER),
        isRequired: true,
        purpose: 'How many grants the filter finds, as `/jobs/count` says.',
      },
    },
    answers: { status: 202, schema: 'Job' },
    async handle(context, visit) {
      const { action, count } = visit.body as { readonly action: JobAction; readonly count: number };
      const filter = filterOf(visit.body);
      const target = `job:${visit.requestId}`;
      const job = await visit.write(
        async () => {
          const found = await countGrantsFound(context, filter);
          if (found !== count) return found;
          return context.jobs.start(
            { id: visit.requestId, action, count, filter, isStillAllowed: () => visit.isStillAllowed() },
            ({ state, changed, unchanged }) => visit.look(target, { state, changed, unchanged }),
          );
        },
        (started) => {
          if (typeof started === 'number') return 'count_differs';
          return started === 'busy' ? started : undefined;
        },
        { target, details: { action, count, filter: describeFilter(filter) } },
      );
      if (typeof job === 'number')
        throw new Problem('count_differs', {
          en: `the filter finds ${job} grants, not ${count}`,
          ko: `조건에 맞는 그랜트는 ${count}개가 아니라 ${job}개입니다.`,
        });
      if (job === 'busy')
        throw new Problem('conflict', {
          en: 'another job runs on this node',
          ko: '이 노드에서 다른 작업이 진행 중입니다.',
        });
      return { status: 202, body: viewJob(job) };
    },
  },
  {
    method: 'GET',
    path: '/jobs',
    tag: 'Jobs',
    summary: 'Lists the last jobs of this node, newest first',
    permission: 'grants.bulk',
    answers: { status: 200, schema: 'JobList' },
    handle: async ({ jobs }) => ({ status: 200, body: { jobs: jobs.list().map(viewJob) } }),
  },
  {
    method: 'GET',
    path: '/jobs/{jobId}',
    tag: 'Jobs',
    summary: 'Shows how far a job of this node is',
    permission: 'grants.bulk',
    answers: { status: 200, schema: 'Job' },
    handle: async ({ jobs }, visit) => ({ status: 200, body: viewJob(jobOf(jobs.read(idOf(visit)))) }),
  },
  {
    method: 'POST',
    path: '/jobs/{jobId}/stop',
    tag: 'Jobs',
    summary: 'Stops a job before its next grant; what it changed stays changed',
    permission: 'grants.bulk',
    action: 'job.stop',
    body: {},
    answers: { status: 200, schema: 'Job' },
    async handle({ jobs }, visit) {
      const { id } = jobOf(jobs.read(idOf(visit)));
      const job = await visit.write(
        async () => jobOf(jobs.stop(id)),
        ({ state }) => (state === 'running' ? undefined : state),
        { target: `job:${id}` },
      );
      return { status: 200, body: viewJob(job) };
    },
  },
];
