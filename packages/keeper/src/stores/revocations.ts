import type { GrantEvent } from '../grants/events.ts';
import type { Grant } from '../grants/grant.ts';
import type { Millis } from '../time.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** A grant that was closed, and whose pair must still be revoked at the provider. */
export type Revocation = {
  readonly grant: Grant;
  /** The connection that was closed. */
  readonly name: string;
  /** How often it was tried. */
  readonly tries: number;
  readonly nextAtMs: Millis;
};

/** Whose grants can be revoked at their provider, and how long that is left to who closes. */
export type Revoking = { readonly clients: readonly string[]; readonly holdMs: Millis };

/** What is due at the provider after a disconnect. */
export type RevocationVerbs = {
  /** Closed grants of a client whose revocation is due, oldest first, each held for so long. */
  takeRevocations(take: {
    readonly client: string;
    readonly limit: number;
    readonly holdMs: Millis;
  }): Promise<readonly Revocation[]>;
  /**
   * Notes a try: when the next one is due, `undefined` where it is over, and which answers beside the grant are revoked as well. Where
   * another answer came meanwhile, it is due at once. `event` is announced where it is over, in the same transaction. Nothing where the
   * revocation was cancelled, or another process has ended it.
   */
  noteRevocation(
    grantId: string,
    tried: {
      readonly tries: number;
      readonly nextAtMs: Millis | undefined;
      readonly drop: readonly string[];
      readonly event?: GrantEvent | undefined;
    },
  ): Promise<void>;
  /** Keeps answers that came for a closed grant until they are revoked. Nothing where its connection was made again. */
  keepToRevoke(grantId: string, answers: readonly StoredAnswer[]): Promise<void>;
  /** What waits, by the name of its connection; with `name`, only that one. */
  revocations(filter: {
    readonly name?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Revocation[]>;
  /** How many wait, by client. */
  countRevocations(): Promise<Readonly<Record<string, number>>>;
};
