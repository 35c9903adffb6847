import type { Client } from '../clients/client.ts';
import { checkProof, PROOF_CLOCK_SKEW_MS, readProofNonce } from '../clients/dpop-proof.ts';
import { digestOnce, dropOnceBefore } from '../clients/once-store.ts';
import { senderConstraintOf } from '../clients/sender-constraint.ts';
import { readNow } from '../clock.ts';
import type { Millis, Now, TimeContext } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { isSameBinding } from '../tokens/binding.ts';
import type { Binding } from '../tokens/binding.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { isFreshNonce, NONCE_BUCKET_MS, proofNonceAt } from '../tokens/proof-nonce.ts';
import type { Store } from './store.ts';

/** What senders are proved with. */
export type SenderContext = TimeContext & {
  readonly store: Pick<Store, 'useOnce'>;
  readonly keyRing: KeyRing;
  /** Whether the proofs of token requests need a nonce of this server. Absent: they do. */
  readonly needsNonces?: boolean;
};

/** What a request shows of its sender. */
export type SentProof = {
  readonly method: string;
  /** The URL that the client called, without its query. */
  readonly uri: string;
  /** The header `DPoP`; `undefined` for none. */
  readonly proof: string | undefined;
  /** The thumbprint of the certificate of its connection; `undefined` for none. */
  readonly certificate: string | undefined;
};

/** The header that carries a nonce for the next proof. */
const NONCE_HEADER = 'DPoP-Nonce';

type NonceContext = Pick<SenderContext, 'keyRing' | 'needsNonces'>;

/** The nonce for the next proof, as a header; no header where none is needed. */
export const nonceHeader = (
  { keyRing, needsNonces = true }: NonceContext,
  nowMs: Millis,
): Readonly<Record<string, string>> => (needsNonces ? { [NONCE_HEADER]: proofNonceAt(keyRing, nowMs) } : {});

const refuseNonce = (context: NonceContext, nowMs: Millis): Refusal =>
  new Refusal('proof_nonce_missing', [], { headers: nonceHeader(context, nowMs) });

/**
 * Refuses a token request whose proof lacks a fresh nonce, before anything is used up by it: the client sends the same request
 * again with a nonce, and the same assertion. A text that is no proof passes, because `proveRequester` says what is wrong with it.
 *
 * @see RFC 9449 §8
 */
export const refuseOldNonce = (
  context: TimeContext & NonceContext,
  { policy }: Pick<Client, 'policy'>,
  { proof }: Pick<SentProof, 'proof'>,
): void => {
  const { keyRing, needsNonces = true } = context;
  if (proof === undefined || !needsNonces || senderConstraintOf(policy) === 'mtls') return;
  const nonce = readProofNonce(proof);
  const { nowMs } = readNow(context);
  if (nonce !== undefined && !isFreshNonce(keyRing, nowMs, nonce)) throw refuseNonce(context, nowMs);
};

/** Longer than a nonce or the age of a proof lasts at any node whose clock is right. */
const REMEMBERED_MS: Millis = 3 * NONCE_BUCKET_MS + PROOF_CLOCK_SKEW_MS;

/**
 * What the access tokens of a request are to be bound to, as its sender proves and as the client's policy wants it; `undefined` for
 * nothing. A proof that is sent is checked, whatever the policy says. At once where there is none. Throws a `Refusal`, and
 * `StoreError`.
 *
 * @see RFC 9449 §5, RFC 8705 §3
 */
export const proveRequester = (
  context: SenderContext,
  { policy }: Pick<Client, 'policy'>,
  sent: SentProof,
): Binding | undefined | Promise<Binding> => {
  const constraint = senderConstraintOf(policy);
  const { proof, certificate } = sent;
  if (
    constraint === 'mtls' ||
    (constraint === 'either' && proof === undefined && certificate !== undefined)
  ) {
    if (certificate === undefined) throw new Refusal('certificate_wrong');
    return { kind: 'x5t#S256', thumbprint: certificate };
  }
  if (proof !== undefined) return proveKey(context, { ...sent, proof }, { needsNonce: true });
  if (constraint !== 'none') throw new Refusal('proof_missing');
  return undefined;
};

/**
 * The key that a pushed request proves: its code is then bound to that. `undefined` where it proves none, or where the client's
 * policy wants certificates. Throws a `Refusal`, and `StoreError`.
 *
 * @see RFC 9449 §10.1
 */
export const provePusher = async (
  context: SenderContext,
  { policy }: Pick<Client, 'policy'>,
  { proof, ...sent }: SentProof,
): Promise<Binding | undefined> =>
  proof === undefined || senderConstraintOf(policy) === 'mtls'
    ? undefined
    : proveKey(context, { ...sent, proof }, { needsNonce: true });

/**
 * Checks that the sender of an access token is who the token is bound to. The token may come as a bearer token only if it is
 * bound to nothing, or to a certificate. Throws a `Refusal`, and `StoreError`.
 *
 * @see RFC 9449 §7, RFC 8705 §3
 */
export const proveSender = async (
  context: SenderContext,
  {
    binding,
    accessToken,
    scheme,
  }: {
    readonly binding: Binding | undefined;
    readonly accessToken: string;
    readonly scheme: 'bearer' | 'dpop';
  },
  sent: SentProof,
): Promise<void> => {
  if (binding?.kind !== 'jkt') {
    if (scheme === 'dpop') throw new Refusal('access_token_dead');
    if (binding !== undefined && binding.thumbprint !== sent.certificate)
      throw new Refusal('certificate_wrong');
    return;
  }
  const { proof } = sent;
  if (scheme === 'bearer' || proof === undefined) throw new Refusal('proof_missing');
  await proveKey(context, { ...sent, proof, accessToken }, { needsNonce: false, binding });
};

/**
 * Checks a proof and remembers its id, so that no node accepts it again. Nothing else has been read or changed by then: a proxy
 * that sends a request twice costs its client nothing.
 */
const proveKey = async (
  context: SenderContext,
  sent: SentProof & { readonly proof: string; readonly accessToken?: string },
  { needsNonce, binding }: { readonly needsNonce: boolean; readonly binding?: Binding },
): Promise<Binding> => {
  const { store, keyRing } = context;
  const now = readNow(context);
  const isFresh =
    needsNonce && context.needsNonces !== false
      ? (nonce: string) => isFreshNonce(keyRing, now.nowMs, nonce)
      : undefined;
  const checked = checkProof(sent.proof, { ...sent, isFreshNonce: isFresh }, now);
  if (checked === 'proof_nonce_missing') throw refuseNonce(context, now.nowMs);
  if (typeof checked === 'string') throw new Refusal(checked);
  const { thumbprint, jti } = checked;
  const proved: Binding = { kind: 'jkt', thumbprint };
  // A key that the token is not bound to fills nothing.
  if (binding !== undefined && !isSameBinding(proved, binding)) throw new Refusal('proof_of_other_key');
  await noteUse(store, proved, jti, now);
  return proved;
};

const noteUse = async (
  store: SenderContext['store'],
  { thumbprint }: Binding,
  jti: string,
  now: Now,
): Promise<void> => {
  const use = { digest: digestOnce(['dpop', thumbprint], jti), expiresAtMs: now.nowMs + REMEMBERED_MS };
  if ((await store.useOnce(use, dropOnceBefore(now))) === 'again') throw new Refusal('proof_repeated');
};
