import * as v from 'valibot';

/** A number in a query, from 0 to `most`. */
export const numberText = (most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}(?:\.\d+)?$/, 'must be a number'),
    v.transform(Number),
    v.maxValue(most),
  );
