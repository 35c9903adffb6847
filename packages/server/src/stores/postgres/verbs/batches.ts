import { StoreError } from '../../../errors.ts';

/** Sends items that wait at the same moment together. */
export type Batches<Item, Answer> = { run(item: Item): Promise<Answer> };

type Waiting<Item, Answer> = {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

/** Few, because a larger batch costs less per item; more than one, so that a statement that hangs does not block all others. */
const UNDER_WAY_MAX = 2;
const BATCH_MAX = 512;
/** A batch that has waited this long is sent. */
const GROWTH_MAX_MS = 5;
/** An item that has waited this long behind unanswered batches was not sent, and fails. */
const WAIT_MAX_MS = 2000;

/**
 * Group commit across the wire: everything that waits when a turn of the event loop ends, or when an answer arrives, goes
 * into one statement. The busier the node, the larger its batches, and the fewer commits per item.
 */
export const createBatches = <Item, Answer>(
  send: (items: readonly Item[]) => Promise<readonly Answer[]>,
): Batches<Item, Answer> => {
  let waiting: Waiting<Item, Answer>[] = [];
  let underWay = 0;
  let isScheduled = false;
  let lastLength = 0;

  const schedule = (): void => {
    if (isScheduled || underWay >= UNDER_WAY_MAX || waiting.length === 0) return;
    isScheduled = true;
    setImmediate(() => void flush());
  };

  /** Keeps a burst together: a batch waits as long as every turn of the event loop adds to it. */
  const isStillGrowing = (): boolean => {
    const before = lastLength;
    lastLength = waiting.length;
    const [first] = waiting;
    return (
      waiting.length > before &&
      waiting.length < BATCH_MAX &&
      first !== undefined &&
      performance.now() - first.since < GROWTH_MAX_MS
    );
  };

  const flush = async (): Promise<void> => {
    if (isStillGrowing()) return void setImmediate(() => void flush());
    lastLength = 0;
    isScheduled = false;
    rejectOld();
    const batch = waiting.slice(0, BATCH_MAX);
    waiting = waiting.slice(BATCH_MAX);
    if (batch.length === 0) return;
    underWay++;
    schedule();
    try {
      const answers = await send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    underWay--;
    schedule();
  };

  const rejectOld = (): void => {
    const now = performance.now();
    const isOld = ({ since }: Waiting<Item, Answer>) => now - since > WAIT_MAX_MS;
    if (waiting[0] === undefined || !isOld(waiting[0])) return;
    for (const { reject } of waiting.filter(isOld))
      reject(new StoreError('unavailable', 'the database does not keep up'));
    waiting = waiting.filter((one) => !isOld(one));
  };

  return {
    run: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, since: performance.now(), resolve, reject });
        schedule();
      }),
  };
};
