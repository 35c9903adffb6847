import * as v from 'valibot';
import { importLines } from '../import-lines.ts';
import { pairLine, putStatus } from '../pair-body.ts';
import { Problem, retryAfter } from '../problem.ts';
import { requireMediaType } from '../read-request.ts';
import { defineRoute } from '../route.ts';
import type { ServiceRoute } from '../route.ts';

const IMPORTS_MAX = 2;
/** Of results that wait for the client to read them. The rows of a whole request have less where most are good. */
const UNREAD_MAX_BYTES = 16 * 1024 * 1024;
const MEDIA_TYPE = 'application/x-ndjson';

const rowShape = v.object({
  line: v.number(),
  name: v.nullable(v.string()),
  status: v.optional(putStatus),
  error: v.optional(v.object({ code: v.string(), detail: v.string(), remedy: v.string() })),
});

/** The last line. `ended` says why there is no more: `complete` is the only good one. */
const summaryShape = v.object({
  ended: v.picklist([
    'complete',
    'too_many_rows',
    'too_many_bytes',
    'results_unread',
    'store_unavailable',
    'stopping',
    'cut_off',
  ]),
  rows: v.number(),
  counts: v.record(v.string(), v.number()),
});

/** Many pairs in one request. */
export const createImportRoute = (unreadMaxBytes = UNREAD_MAX_BYTES): ServiceRoute => {
  let running = 0;
  return defineRoute({
    method: 'POST',
    path: '/v1/import',
    tag: 'grants',
    summary: 'Keep many pairs: a line of JSON for each',
    description:
      'At most 100 000 rows and 64 MiB a request, and 64 KiB a row. Read the answer while you send: after 16 MiB of it that nobody reads, the import ends with `results_unread`. The answer has one line per row, in order, as the rows are stored, and a last line with `ended`, `rows` and `counts`. Repeating an import is safe: what is kept already is `known`.',
    scope: 'grants:write',
    streamed: { mediaType: MEDIA_TYPE, schema: pairLine },
    answers: {
      200: {
        description: 'What happened to each row, and a summary.',
        mediaType: MEDIA_TYPE,
        schema: v.union([rowShape, summaryShape]),
      },
    },
    problems: ['too_many_imports'],
    handle({ context, key, request }) {
      requireMediaType(request, MEDIA_TYPE);
      if (running >= IMPORTS_MAX)
        throw new Problem(
          'too_many_imports',
          `${IMPORTS_MAX} imports are running on this node`,
          { remedy: 'Wait until one has ended.' },
          retryAfter(5000),
        );
      running += 1;
      const encoder = new TextEncoder();
      const end = (): void => {
        running -= 1;
      };
      // The client may send everything before it reads: results wait in memory, within a limit.
      const answers = new ReadableStream<Uint8Array>(
        {
          async start(controller) {
            const isFull = (): boolean => (controller.desiredSize ?? 0) <= 0;
            try {
              for await (const result of importLines(context, key, request.body, isFull))
                controller.enqueue(encoder.encode(`${JSON.stringify(result)}\n`));
              controller.close();
            } catch (error) {
              controller.error(error);
            } finally {
              end();
            }
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: unreadMaxBytes }),
      );
      return new Response(answers, { headers: { 'content-type': MEDIA_TYPE, 'cache-control': 'no-store' } });
    },
  });
};
