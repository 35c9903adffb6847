import { give, later } from '../eventual.ts';
import type { Eventual, Later, Waiter } from '../eventual.ts';

/** Work that costs little more for many items than for one. */
export type CollectedWork<Item, Result> = {
  /** Whether two items can be worked on together. Every item is like itself. */
  isAlike(one: Item, other: Item): boolean;
  /** The results of items that are alike, in their order. */
  work(items: readonly Item[]): readonly Eventual<Result>[];
};

type Waiting<Item, Result> = { readonly item: Item; readonly waiter: Waiter<Result> };

/**
 * Collects the items of one synchronous run, for example of all requests that were read in one turn of the event loop, and
 * works on them together in one microtask. One item that fails, or whose waiter fails, costs the others nothing: where the work
 * fails, they are worked on one by one.
 */
export const createRunCollector = <Item, Result>({ isAlike, work }: CollectedWork<Item, Result>) => {
  let waiting: Waiting<Item, Result>[] = [];

  const flush = (): void => {
    let rest = waiting;
    waiting = [];
    for (let [first] = rest; first !== undefined; [first] = rest) {
      const { item } = first;
      const others = rest.filter((one) => !isAlike(item, one.item));
      finish(others.length === 0 ? rest : rest.filter((one) => isAlike(item, one.item)));
      rest = others;
    }
  };

  const finish = (alike: readonly Waiting<Item, Result>[]): void => {
    let results: readonly Eventual<Result>[];
    try {
      results = work(alike.map(({ item }) => item));
    } catch (error) {
      if (alike.length > 1) for (const one of alike) finish([one]);
      else alike[0]?.waiter.fail(error);
      return;
    }
    alike.forEach(({ waiter }, index) => give(results[index] as Eventual<Result>, waiter));
  };

  return (item: Item): Later<Result> =>
    later((done, fail) => {
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ item, waiter: { done, fail } });
    });
};
