declare const kind: unique symbol;

/**
 * A grant's id: 8 random bytes, as the signed 64-bit integer that databases store as a key. People see it as 16
 * hexadecimal digits. A plain bigint may stand for one; what is branded as something else may not.
 */
export type GrantId = bigint & { readonly [kind]?: 'grant id' };

/** The id as 16 lower-case hexadecimal digits. */
export const writeGrantId = (id: GrantId): string => BigInt.asUintN(64, id).toString(16).padStart(16, '0');

/** The id that 16 hexadecimal digits (either case) stand for, or `undefined` for anything else. */
export const readGrantId = (text: string): GrantId | undefined =>
  /^[0-9a-f]{16}$/i.test(text) ? BigInt.asIntN(64, BigInt(`0x${text}`)) : undefined;
