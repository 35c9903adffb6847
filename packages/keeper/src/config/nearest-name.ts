/** The known name that is closest to a misspelt one; `undefined` if none is close. */
export const nearestName = <Name extends string>(name: string, known: readonly Name[]): Name | undefined => {
  const [nearest] = known
    .map((one) => ({ one, distance: editDistance(one.toLowerCase(), name.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  const distanceMax = Math.min(3, Math.max(2, Math.floor(name.length / 3)));
  return nearest !== undefined && nearest.distance <= distanceMax ? nearest.one : undefined;
};

/** Letters to insert, remove or replace to turn one word into the other (Levenshtein). */
const editDistance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
};
