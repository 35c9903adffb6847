import type { AdminStream } from '../exchange.ts';

/**
 * An answer that goes on only while its reader may have it: a slow reader may take hours, and a key may be removed meanwhile. It is
 * asked each time that what was written is on its way; then the stream ends, cut. Throws what `isStillAllowed` throws.
 */
export const whileAllowed =
  (run: AdminStream, isStillAllowed: () => Promise<boolean>): AdminStream =>
  async ({ write, drained, signal }) => {
    const refused = new AbortController();
    await run({
      write,
      async drained() {
        await drained();
        if (!(await isStillAllowed())) refused.abort();
      },
      signal: AbortSignal.any([signal, refused.signal]),
    });
    return refused.signal.aborted ? 'cut' : undefined;
  };
