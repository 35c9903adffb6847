/** The kinds of moments that the probe records. */
export const KINDS = { read: 0, answered: 1, begin: 2, commit: 3, collection: 4, checkpoint: 5 } as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

/** The kinds of garbage collection that V8 reports, as in `perf_hooks.constants`; all others are of the old generation. */
export const YOUNG_COLLECTION = 1;

/**
 * One recorded moment. Times are milliseconds of the system's monotonic clock, which all processes share. What `detail` is depends on
 * the kind: the client's port of a request, the kind of a collection, and for a transaction how long the main thread had
 * waited for a core until its end, in milliseconds since the start of the process.
 */
export type Moment = {
  readonly kind: Kind;
  readonly startMs: number;
  readonly endMs: number;
  readonly detail: number;
};

const FIELDS = 4;

/** Milliseconds of the system's monotonic clock. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A list of moments that costs little to append to: its memory is taken at once, and what does not fit is counted. */
export const createMomentList = (capacity: number) => {
  const fields = new Float64Array(capacity * FIELDS);
  let length = 0;
  return {
    add(kind: Kind, startMs: number, endMs: number, detail: number): void {
      const at = length * FIELDS;
      if (at >= fields.length) return;
      fields[at] = kind;
      fields[at + 1] = startMs;
      fields[at + 2] = endMs;
      fields[at + 3] = detail;
      length++;
    },
    /** Its bytes, for `readMoments`. */
    bytes: (): Uint8Array =>
      new Uint8Array(fields.buffer, 0, length * FIELDS * Float64Array.BYTES_PER_ELEMENT),
  };
};

/** Reads the bytes of a list, in the order of its additions. */
export const readMoments = (bytes: Uint8Array): readonly Moment[] => {
  const fields = new Float64Array(new Uint8Array(bytes).buffer);
  return Array.from({ length: fields.length / FIELDS }, (_, index) => {
    const [kind = 0, startMs = 0, endMs = 0, detail = 0] = fields.subarray(
      index * FIELDS,
      (index + 1) * FIELDS,
    );
    return { kind: kind as Kind, startMs, endMs, detail };
  });
};
