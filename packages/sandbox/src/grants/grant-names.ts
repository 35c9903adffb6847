import { writeGrantId } from '@keyfob/server/tokens';
import type { GrantId } from '@keyfob/server/tokens';

/** Short names of the grants of a world: `g1`, `g2` and so on, in the order in which they were made. */
export type GrantNames = {
  /** The name of a grant, given now if it has none. */
  nameOf(id: GrantId): string;
  /** The grant of a name, or of an id in 16 hexadecimal digits. */
  find(name: string): GrantId | undefined;
  has(id: GrantId): boolean;
  /** In the order of their names. */
  list(): readonly { readonly name: string; readonly id: GrantId }[];
};

export const createGrantNames = (): GrantNames => {
  const names = new Map<GrantId, string>();
  const ids = new Map<string, GrantId>();
  return {
    nameOf(id) {
      const known = names.get(id);
      if (known !== undefined) return known;
      const name = `g${names.size + 1}`;
      names.set(id, name);
      ids.set(name, id);
      ids.set(writeGrantId(id), id);
      return name;
    },
    find: (name) => ids.get(name),
    has: (id) => names.has(id),
    list: () => [...names].map(([id, name]) => ({ id, name })),
  };
};
