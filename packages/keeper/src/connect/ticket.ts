import { createHash, randomBytes } from 'node:crypto';
import { KeeperError } from '../errors.ts';
import type { Millis } from '../time.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { seal, unseal } from '../vault/seal.ts';

/** What is known when an owner leaves for the consent, and needed when they come back. */
export type Ticket = {
  readonly client: string;
  /** The connection that the pair will be kept under. */
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  readonly redirectUri: string;
  /** Of PKCE; missing where the provider has none. */
  readonly verifier?: string | undefined;
  readonly endsAtMs: Millis;
  /** What the program wants to know again. */
  readonly note: string;
};

const STATE_BYTES = 16;
const VERIFIER_BYTES = 32;
const STATE = /^[\w-]{22}$/;
const SEALED_MAX = 4000;

/** A new value for `state`. */
export const newState = (): string => randomBytes(STATE_BYTES).toString('base64url');

/** Whether a text can be a state of ours. */
export const isState = (text: string): boolean => STATE.test(text);

/** A new PKCE verifier. */
export const newVerifier = (): string => randomBytes(VERIFIER_BYTES).toString('base64url');

/** @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

const bindingOf = (state: string) => ({ row: `connect ${state}`, column: 'ticket', turn: '1' });

/** A ticket for a browser: nobody else can read it, make one, or use it with another state. */
export const sealTicket = (keys: KeyRing, state: string, ticket: Ticket): string =>
  Buffer.from(seal(keys, bindingOf(state), JSON.stringify(ticket))).toString('base64url');

/** The ticket in a sealed one; `undefined` for what is none of ours, belongs to another state, or has ended. */
export const openTicket = (
  keys: KeyRing,
  state: string,
  sealed: string,
  nowMs: Millis,
): Ticket | undefined => {
  if (!isState(state) || sealed.length > SEALED_MAX) return undefined;
  try {
    const text = unseal(keys, bindingOf(state), Buffer.from(sealed, 'base64url'));
    const ticket = JSON.parse(text) as Ticket;
    return ticket.endsAtMs > nowMs ? ticket : undefined;
  } catch (error) {
    if (error instanceof KeeperError) return undefined;
    throw error;
  }
};
