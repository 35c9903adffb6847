import { KINDS, YOUNG_COLLECTION } from './moments.ts';
import type { Moment } from './moments.ts';

/** What a request can spend its time on, in the order of the table. Every moment of a request counts for one cause. */
export const CAUSES = [
  'earlier_rows',
  'earlier_commit',
  'others_unread',
  'batch_fills',
  'own_rows',
  'own_commit',
  'commit_beside_checkpoint',
  'answering',
  'young_collection',
  'old_collection',
  'no_core',
  'way_back',
] as const;
export type Cause = (typeof CAUSES)[number];

/** One request as its client saw it, on the system's monotonic clock. */
export type ClientRequest = { readonly port: number; readonly sentMs: number; readonly receivedMs: number };

/** A request with its latency and the milliseconds of each cause, which add up to it. */
export type Explained = {
  readonly latencyMs: number;
  readonly causes: Readonly<Record<Cause, number>>;
  /** The number of earlier batches that the server worked on while the request waited unread or unbatched. */
  readonly earlierBatches: number;
};

/** A transaction of the server: begun, committed, and on disk. */
export type Batch = {
  readonly beginMs: number;
  readonly commitMs: number;
  readonly endMs: number;
  /** How long the main thread had waited for a core in all, at its begin, and at its end. */
  readonly coreWaitMs: { readonly begin: number; readonly end: number };
};

/** The transactions among the moments of a server, in their order. */
export const batchesOf = (moments: readonly Moment[]): readonly Batch[] => {
  const batches: Batch[] = [];
  let begin: Moment | undefined;
  for (const moment of moments) {
    if (moment.kind === KINDS.begin) begin = moment;
    if (moment.kind !== KINDS.commit || begin === undefined) continue;
    batches.push({
      beginMs: begin.startMs,
      commitMs: moment.startMs,
      endMs: moment.endMs,
      coreWaitMs: { begin: begin.detail, end: moment.detail },
    });
    begin = undefined;
  }
  return batches;
};

/**
 * Says of each request what its time went into. A request belongs to the first batch that begins after the server has read
 * it. Requests whose reading, answer or batch was not recorded are left out.
 */
export const explainRequests = (
  requests: readonly ClientRequest[],
  moments: readonly Moment[],
): readonly Explained[] => {
  const batches = batchesOf(moments);
  const timeline: Timeline = {
    batches,
    young: intervalsOf(
      moments,
      ({ kind, detail }) => kind === KINDS.collection && detail === YOUNG_COLLECTION,
    ),
    old: intervalsOf(moments, ({ kind, detail }) => kind === KINDS.collection && detail !== YOUNG_COLLECTION),
    checkpoints: intervalsOf(moments, ({ kind }) => kind === KINDS.checkpoint),
  };
  const readAt = timesByPort(moments, KINDS.read);
  const answeredAt = timesByPort(moments, KINDS.answered);
  return requests.flatMap((request) => {
    const readMs = firstFrom(readAt.get(request.port) ?? [], request.sentMs, (time) => time);
    if (readMs === undefined || readMs > request.receivedMs) return [];
    const answeredMs =
      firstFrom(answeredAt.get(request.port) ?? [], readMs, (time) => time) ?? request.receivedMs;
    const own = indexFrom(batches, readMs, ({ beginMs }) => beginMs);
    const batch = batches[own];
    if (batch === undefined || batch.endMs > request.receivedMs) return [];
    return [
      explain(timeline, { ...request, readMs, answeredMs: Math.min(answeredMs, request.receivedMs), own }),
    ];
  });
};

type Interval = { readonly startMs: number; readonly endMs: number };
type Timeline = {
  readonly batches: readonly Batch[];
  readonly young: readonly Interval[];
  readonly old: readonly Interval[];
  readonly checkpoints: readonly Interval[];
};
type Traced = ClientRequest & { readonly readMs: number; readonly answeredMs: number; readonly own: number };

const explain = (timeline: Timeline, request: Traced): Explained => {
  const { batches } = timeline;
  const { sentMs, receivedMs, readMs, answeredMs, own } = request;
  const causes = Object.fromEntries(CAUSES.map((cause) => [cause, 0])) as Record<Cause, number>;
  const add = (cause: Cause, fromMs: number, toMs: number, coreWaitShare: number): void => {
    const startMs = Math.max(fromMs, sentMs);
    const endMs = Math.min(toMs, receivedMs);
    if (endMs <= startMs) return;
    const young = overlapOf(timeline.young, startMs, endMs);
    const old = overlapOf(timeline.old, startMs, endMs);
    const rest = Math.max(0, endMs - startMs - young - old);
    causes.young_collection += young;
    causes.old_collection += old;
    causes.no_core += rest * coreWaitShare;
    causes[cause] += rest * (1 - coreWaitShare);
  };
  const addCommit = (cause: Cause, { commitMs, endMs }: Batch, coreWaitShare: number): void => {
    let fromMs = commitMs;
    for (const checkpoint of within(timeline.checkpoints, commitMs, endMs)) {
      add(cause, fromMs, checkpoint.startMs, coreWaitShare);
      const beside = Math.min(endMs, checkpoint.endMs);
      add('commit_beside_checkpoint', Math.max(fromMs, checkpoint.startMs), beside, coreWaitShare);
      fromMs = Math.max(fromMs, beside);
    }
    add(cause, fromMs, endMs, coreWaitShare);
  };

  // The first batch that the request can have waited for, or whose answers came before it was sent.
  const first = Math.max(
    0,
    indexFrom(batches, sentMs, ({ endMs }) => endMs),
  );
  for (let index = first; index < batches.length; index++) {
    const batch = batches[index];
    if (batch === undefined || batch.beginMs >= receivedMs) break;
    const share = shareOf(batch.coreWaitMs.end - batch.coreWaitMs.begin, batch.endMs - batch.beginMs);
    if (index > own) {
      // The server may begin the next batch before the client has read the answer of this one.
      add('way_back', batch.beginMs, batch.endMs, share);
    } else {
      const isOwn = index === own;
      add(isOwn ? 'own_rows' : 'earlier_rows', batch.beginMs, batch.commitMs, share);
      addCommit(isOwn ? 'own_commit' : 'earlier_commit', batch, share);
    }
  }
  // Between two transactions the main thread reads requests and writes answers, or has nothing to do.
  for (let index = first - 1; index < batches.length; index++) {
    const [before, after] = [batches[index], batches[index + 1]];
    const fromMs = before?.endMs ?? sentMs;
    const toMs = after?.beginMs ?? receivedMs;
    if (fromMs >= receivedMs) break;
    const waitedMs = (after?.coreWaitMs.begin ?? 0) - (before?.coreWaitMs.end ?? 0);
    const share = before === undefined || after === undefined ? 0 : shareOf(waitedMs, toMs - fromMs);
    if (index < own) {
      add('others_unread', fromMs, Math.min(toMs, readMs), share);
      add('batch_fills', Math.max(fromMs, readMs), toMs, share);
    } else {
      add('answering', fromMs, Math.min(toMs, answeredMs), share);
      add('way_back', Math.max(fromMs, answeredMs), toMs, share);
    }
  }
  return { latencyMs: receivedMs - sentMs, causes, earlierBatches: Math.max(0, own - first) };
};

const shareOf = (part: number, whole: number): number =>
  whole <= 0 ? 0 : Math.min(1, Math.max(0, part / whole));

const intervalsOf = (
  moments: readonly Moment[],
  isWanted: (moment: Moment) => boolean,
): readonly Interval[] => moments.filter(isWanted).toSorted((left, right) => left.startMs - right.startMs);

/** The intervals that overlap a span, in their order. They do not overlap each other. */
const within = (intervals: readonly Interval[], fromMs: number, toMs: number): readonly Interval[] => {
  const found: Interval[] = [];
  for (let index = indexFrom(intervals, fromMs, ({ endMs }) => endMs); index < intervals.length; index++) {
    const interval = intervals[index];
    if (interval === undefined || interval.startMs >= toMs) break;
    found.push(interval);
  }
  return found;
};

const overlapOf = (intervals: readonly Interval[], fromMs: number, toMs: number): number =>
  within(intervals, fromMs, toMs).reduce(
    (total, { startMs, endMs }) => total + Math.min(endMs, toMs) - Math.max(startMs, fromMs),
    0,
  );

const timesByPort = (
  moments: readonly Moment[],
  kind: Moment['kind'],
): ReadonlyMap<number, readonly number[]> => {
  const times = new Map<number, number[]>();
  for (const { kind: own, detail: port, startMs } of moments) {
    if (own !== kind) continue;
    const list = times.get(port);
    if (list === undefined) times.set(port, [startMs]);
    else list.push(startMs);
  }
  return times;
};

/** The index of the first item of a sorted list whose time is at least this one; the length if there is none. */
const indexFrom = <Item>(items: readonly Item[], fromMs: number, timeOf: (item: Item) => number): number => {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(items[middle] as Item) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
};

const firstFrom = <Item>(
  items: readonly Item[],
  fromMs: number,
  timeOf: (item: Item) => number,
): Item | undefined => items[indexFrom(items, fromMs, timeOf)];
