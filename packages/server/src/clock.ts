/** The present moment in milliseconds since the Unix epoch. Passed in wherever time matters, so that tests move it. */
export type Clock = () => number;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();

/** Whole seconds since the Unix epoch, the unit of every stored `...At`. */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
