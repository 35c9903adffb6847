/**
 * A question to the store that waits so long for its answer at the most. Whoever asks while it is being asked gets the same
 * answer, so that however many ask, the store is asked once at a time.
 */
export const askOnce = <Answer>(
  ask: () => Promise<Answer>,
  patienceMs: number,
): (() => Promise<Answer | 'too_late'>) => {
  let asking: Promise<Answer> | undefined;
  return async () => {
    asking ??= ask().finally(() => (asking = undefined));
    const deadline = Promise.withResolvers<'too_late'>();
    const timer = setTimeout(() => deadline.resolve('too_late'), patienceMs);
    try {
      return await Promise.race([asking, deadline.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
};
