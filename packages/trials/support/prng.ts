/** The only source of randomness of a simulation. The same seed always gives the same numbers. */
export type Prng = {
  /** At least 0, less than 1. */
  real(): number;
  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<const Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item;
  bytes(count: number): Buffer;
};

/** Creates a generator (sfc32, whose state comes from a 32-bit seed). */
export const createPrng = (seed: number): Prng => {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 16; round++) next();
  const real = (): number => next() / 2 ** 32;
  const between = (least: number, most: number): number => least + Math.floor(real() * (most - least + 1));
  return {
    real,
    between,
    chance: (probability) => real() < probability,
    pick: (items) => items[between(0, items.length - 1)] as never,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => between(0, 255))),
  };
};
