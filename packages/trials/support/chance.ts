/** The only source of randomness of a trial. The same seed gives the same choices. */
export type Chance = {
  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  isTrue(probability: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** An independent source whose choices do not depend on concurrent code. */
  fork(): Chance;
};

const TWO_TO_32 = 2 ** 32;

/** Mulberry32: small, seeded, and good enough for a trial. */
export const createChance = (seed: number): Chance => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / TWO_TO_32;
  };
  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    integer,
    isTrue: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    fork: () => createChance(integer(0, TWO_TO_32 - 1)),
  };
};
