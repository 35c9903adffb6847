/** The value at a path such as `error.details.0.field`; `undefined` where there is none. */
export const valueAt = (body: unknown, path: string): unknown => {
  let value: unknown = body;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
};

/** The text at a path; numbers are read as text. `undefined` where there is none. */
export const textAt = (body: unknown, path: string): string | undefined => {
  const value = valueAt(body, path);
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
};
