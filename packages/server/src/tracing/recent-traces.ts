/** Keeps the newest values by their keys. */
export type Recent<Value> = { get(key: string): Value | undefined; set(key: string, value: Value): void };

/** A key that is set again counts as new. */
export const createRecent = <Value>(most: number): Recent<Value> => {
  const values = new Map<string, Value>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > most && oldest !== undefined) values.delete(oldest);
    },
  };
};
