import type { viewFinding, viewKey, viewNode } from '../../admin/api/views.ts';
import type { entryToJson } from '../../operators/audit-entry.ts';
import { readGrantId } from '../../tokens/grant-id.ts';
import { nodesPage } from '../pages/nodes-page.ts';
import type { ServerExamined } from '../../operations/doctor/finding.ts';
import { auditPage } from '../pages/audit-page.ts';
import { systemPage } from '../pages/system-pages.ts';
import type { ConsoleRoute } from './console-route.ts';

type Doctor = Pick<ServerExamined, 'elsewhere'> & {
  readonly findings: readonly ReturnType<typeof viewFinding>[];
};

/** What a typed id is about: ids of grants have a form of their own. */
const targetOf = (text: string): string => {
  if (text === '' || text.includes(':')) return text;
  return readGrantId(text) === undefined ? `client:${text}` : `grant:${text.toLowerCase()}`;
};

/** The node, its keys, and the audit log. */
export const SYSTEM_PAGES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    pattern: /^\/console\/system$/,
    async handle(visit) {
      type Keys = { readonly keys: readonly ReturnType<typeof viewKey>[] };
      const { query } = visit.request;
      const isCounted = query.get('count') === '1';
      const { findings, elsewhere } = await visit.call<Doctor>('GET /doctor');
      const asked = { query: { count: isCounted ? 'grants' : 'nothing' } };
      const { keys } = await visit.call<Keys>('GET /keys', asked);
      const done = query.get('done');
      const { done: notices } = visit.texts.system;
      const notice = done === 'rotated' || done === 'withdrawn' ? notices[done] : undefined;
      return { ...systemPage(visit, { findings, elsewhere, keys, isCounted }), notice };
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/nodes$/,
    async handle(visit) {
      type Nodes = {
        readonly nodes: readonly ReturnType<typeof viewNode>[];
        readonly warning: string | null;
      };
      return nodesPage(visit, await visit.call<Nodes>('GET /nodes'));
    },
  },
  {
    method: 'POST',
    pattern: /^\/console\/keys\/rotate$/,
    async handle(visit) {
      await visit.call('POST /keys/rotate', { body: { reason: visit.form.get('reason') ?? '' } });
      return '/console/system?done=rotated';
    },
  },
  {
    method: 'POST',
    pattern: /^\/console\/keys\/(?<number>\d{1,9})\/withdraw$/,
    async handle(visit) {
      const { form } = visit;
      const days = form.get('days') ?? '';
      await visit.call('POST /keys/{number}/withdraw', {
        path: { number: visit.path['number'] ?? '' },
        body: {
          state: form.get('state') ?? '',
          isConfirmed: form.get('confirmed') === 'yes',
          ...(days !== '' && { windowDays: Number(days) }),
          reason: form.get('reason') ?? '',
        },
      });
      return '/console/system?done=withdrawn';
    },
  },
  {
    method: 'GET',
    pattern: /^\/console\/audit$/,
    async handle(visit) {
      type Audit = {
        readonly entries: readonly ReturnType<typeof entryToJson>[];
        readonly next: string | null;
      };
      type Verified = { readonly entries: number; readonly head: string; readonly fault: string | null };
      const { query } = visit.request;
      const target = targetOf((query.get('target') ?? '').trim());
      const filter = { target, operatorId: (query.get('operatorId') ?? '').trim() };
      const { entries, next } = await visit.call<Audit>('GET /audit', {
        query: { ...filter, after: query.get('after') ?? '' },
      });
      const verified =
        query.get('verify') === '1' ? await visit.call<Verified>('GET /audit/verify') : undefined;
      return auditPage(visit, { entries, next, filter, ...(verified === undefined ? {} : { verified }) });
    },
  },
];
