declare const unit: unique symbol;

/**
 * Integer seconds. A plain number may stand for one; a `Millis` may not. The same holds the other way round, so that the
 * compiler finds the two where they are mixed up.
 */
export type Seconds = number & { readonly [unit]?: 'seconds' };

/** Integer milliseconds. Moments are counted from the Unix epoch. */
export type Millis = number & { readonly [unit]?: 'milliseconds' };

/** The present moment. Passed in wherever time matters, so that tests move it. */
export type Clock = () => Millis;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();

/** Whole seconds, as tokens and answers on the wire carry them; what is left of a second is dropped. */
export const toSeconds = (milliseconds: Millis): Seconds => Math.floor(milliseconds / 1000);

/** The same time in milliseconds. */
export const toMillis = (seconds: Seconds): Millis => seconds * 1000;
