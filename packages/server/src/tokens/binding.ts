import { timingSafeEqual } from 'node:crypto';
import type { KeyRing, SealKey } from './key-ring.ts';
import type { Shape } from './shape.ts';

/** How the sender of a bound token shows that it is the right one. */
export const BINDING_KINDS = ['jkt', 'x5t#S256'] as const;

/**
 * What a token is bound to: the key that signs its sender's proofs (`jkt`, RFC 9449 §6.1) or its sender's certificate
 * (`x5t#S256`, RFC 8705 §3.1), by a SHA-256 in 43 characters of base64url.
 */
export type Binding = { readonly kind: (typeof BINDING_KINDS)[number]; readonly thumbprint: string };

/** A binding as tokens and introspection carry it. @see RFC 7800 §3.1 */
export type Confirmation = { readonly jkt?: string; readonly 'x5t#S256'?: string };

export const writeConfirmation = ({ kind, thumbprint }: Binding): Confirmation => ({ [kind]: thumbprint });

const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/** The binding that a claim `cnf` names; `undefined` for none that this server wrote. */
export const readConfirmation = (cnf: unknown): Binding | undefined => {
  if (typeof cnf !== 'object' || cnf === null) return undefined;
  for (const kind of BINDING_KINDS) {
    const thumbprint = (cnf as Readonly<Record<string, unknown>>)[kind];
    if (typeof thumbprint === 'string' && THUMBPRINT.test(thumbprint)) return { kind, thumbprint };
  }
  return undefined;
};

export const isSameBinding = (one: Binding | undefined, other: Binding | undefined): boolean =>
  one?.kind === other?.kind && one?.thumbprint === other?.thumbprint;

/** Stands between an opaque token and what it is bound to. No shape of a token has it, and `Authorization` may carry it. */
const MARK = '~';
/** What a binding begins with, by its kind. */
const LETTERS = { jkt: 'k', 'x5t#S256': 'c' } as const;
const TAG_BYTES = 18;
const BOUND = /^(?<token>[^~]+)~(?<letter>[kc])(?<thumbprint>[A-Za-z0-9_-]{43})(?<tag>[A-Za-z0-9_-]{24})$/;

/** What a bound token is for, so that one is never taken for the other. */
export type BoundUse = 'access' | 'refresh';

/**
 * Writes what an opaque token is bound to behind it: `TOKEN~kTHUMBPRINT` and 18 bytes of a MAC over all of it. The token itself
 * must say that it is bound (its check does), so that it is worth nothing alone. A function of its arguments: every retry gets the same.
 */
export const bindToken = (key: SealKey, use: BoundUse, token: string, binding: Binding): string => {
  const text = `${token}${MARK}${LETTERS[binding.kind]}${binding.thumbprint}`;
  return text + tagOf(key, use, text).toString('base64url');
};

const tagOf = ({ bindingMac }: SealKey, use: BoundUse, text: string): Buffer =>
  bindingMac(`${use} ${text}`).subarray(0, TAG_BYTES);

/** Whether a text has the form of a bound token, whether it is one or not. */
export const looksBound = (text: string): boolean => text.includes(MARK);

/** The token in front of the binding, or all of a text without one. */
const unboundPart = (text: string): string => {
  const at = text.indexOf(MARK);
  return at < 0 ? text : text.slice(0, at);
};

/** Whether a text has the form of a shape's tokens, with or without a binding. */
export const isOfShape = (shape: Shape, text: string): boolean =>
  shape.read(unboundPart(text)) !== 'malformed';

/** A bound token, its MAC found good, and the key that wrote it. */
export type OpenedBinding = { readonly token: string; readonly binding: Binding; readonly key: SealKey };

/** Takes a bound token apart. `undefined` for one that no key of the ring wrote. */
export const openBinding = (ring: KeyRing, use: BoundUse, text: string): OpenedBinding | undefined => {
  const { token, letter, thumbprint, tag } = BOUND.exec(text)?.groups ?? {};
  if (token === undefined || thumbprint === undefined || tag === undefined) return undefined;
  const sent = Buffer.from(tag, 'base64url');
  const signed = text.slice(0, -tag.length);
  const key = ring.seal.keys.find((one) => timingSafeEqual(tagOf(one, use, signed), sent));
  const kind = letter === LETTERS.jkt ? 'jkt' : 'x5t#S256';
  return key && { token, binding: { kind, thumbprint }, key };
};
