/** A grant of a world, or its name such as `g1`. */
export type GrantReference = string | { readonly name: string };

export const nameOfGrant = (grant: GrantReference): string =>
  typeof grant === 'string' ? grant : grant.name;
