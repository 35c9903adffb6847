import type { OperationContext } from './context.ts';

/** As many of a client are counted: a count of a million would hold up every refresh of an embedded store. */
export const GRANTS_COUNTED_MAX = 10_000;

/** How many grants a client has. */
export type GrantCount = {
  /** At most `GRANTS_COUNTED_MAX`. */
  readonly grants: number;
  /** Whether there are more than that. */
  readonly hasMoreGrants: boolean;
};

export const NO_GRANTS: GrantCount = { grants: 0, hasMoreGrants: false };

/** Counts the grants of a client, as far as it says. Throws `StoreError`. */
export const countGrants = async (
  { store }: Pick<OperationContext, 'store'>,
  clientId: string,
  atMost = GRANTS_COUNTED_MAX,
): Promise<GrantCount> => {
  const found = await store.countGrants(clientId, { atMost: atMost + 1 });
  return { grants: Math.min(found, atMost), hasMoreGrants: found > atMost };
};
