import * as v from 'valibot';
import { ENDPOINTS } from '../../faults/fault.ts';
import { STAGES } from '../../journal/entry.ts';
import { PAGE_MAX } from '../../journal/journal.ts';
import { SandboxError } from '../../sandbox-error.ts';
import { defineRoute } from '../control-route.ts';
import type { ControlRoute } from '../control-route.ts';
import { findWorld } from '../find-world.ts';
import { numberText } from '../number-text.ts';
import { requestPageShape, requestShape } from '../shapes.ts';
import { showRequest } from '../show.ts';

const tag = 'journal';
const WAIT_MAX_SECONDS = 60;

export const journalRoutes: readonly ControlRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/requests',
    tag,
    summary: 'Read the journal: every request that changed after `after`, and wait for one if there is none',
    query: v.strictObject({
      /** The `next` of the last answer. */
      after: v.optional(numberText(Number.MAX_SAFE_INTEGER)),
      /** For how many real seconds at most. */
      wait: v.optional(numberText(WAIT_MAX_SECONDS)),
      /** Only requests that have come so far; `ended` for those that are over. */
      stage: v.optional(v.picklist(STAGES)),
      endpoint: v.optional(v.picklist([...ENDPOINTS, 'other'])),
      client: v.optional(v.string()),
      grant: v.optional(v.string()),
      limit: v.optional(numberText(PAGE_MAX)),
      /** Only the newest so many. */
      last: v.optional(numberText(PAGE_MAX)),
    }),
    status: 200,
    answer: requestPageShape,
    handle: async (call) => {
      const { journal } = findWorld(call);
      const { wait = 0, endpoint, ...filter } = call.query;
      const page = await journal.wait({
        ...filter,
        endpoint: endpoint === 'any' ? undefined : endpoint,
        waitMs: wait * 1000,
        signal: call.signal,
      });
      return { ...page, requests: page.requests.map(showRequest) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/worlds/{world}/requests/{number}',
    tag,
    summary: 'Read one request',
    status: 200,
    answer: requestShape,
    handle: (call) => {
      const entry = findWorld(call).journal.find(Number(call.path['number']));
      if (entry === undefined)
        throw new SandboxError('not_found', 'there is no such request', 'GET …/requests lists them.');
      return showRequest(entry);
    },
  }),
];
