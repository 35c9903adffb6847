/** Work that costs little more for many items than for one. */
export type CollectedWork<Item, Result> = {
  /** Whether two items can be worked on together. Every item is like itself. */
  isAlike(one: Item, other: Item): boolean;
  /** The results of items that are alike, in their order. */
  work(items: readonly Item[]): readonly (Result | Promise<Result>)[];
};

type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Collects the items of one synchronous run, for example of all requests that were read in one turn of the event loop, and
 * works on them together in one microtask. One item that fails costs the others nothing: they are worked on one by one.
 */
export const createRunCollector = <Item, Result>({ isAlike, work }: CollectedWork<Item, Result>) => {
  let waiting: Waiting<Item, Result>[] = [];

  const flush = (): void => {
    let rest = waiting;
    waiting = [];
    for (let [first] = rest; first !== undefined; [first] = rest) {
      const { item } = first;
      const alike = rest.filter((one) => isAlike(item, one.item));
      rest = alike.length === rest.length ? [] : rest.filter((one) => !isAlike(item, one.item));
      finish(alike);
    }
  };

  const finish = (alike: readonly Waiting<Item, Result>[]): void => {
    let results: readonly (Result | Promise<Result>)[];
    try {
      results = work(alike.map(({ item }) => item));
    } catch (error) {
      if (alike.length > 1) for (const one of alike) finish([one]);
      else alike[0]?.reject(error);
      return;
    }
    alike.forEach(({ resolve }, index) => resolve(results[index] as Result));
  };

  return (item: Item): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ item, resolve, reject });
    });
};
