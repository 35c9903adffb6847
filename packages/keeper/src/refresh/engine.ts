import type { ConsentCause } from '../grants/grant.ts';
import type { Timing } from '../grants/timing.ts';
import type { Client } from '../providers/clients.ts';
import type { Store } from '../stores/store.ts';
import type { Clock, Millis } from '../time.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import type { ClientBook } from './client-book.ts';
import type { Transport } from './exchange.ts';
import type { Leases } from './leases.ts';
import type { Spool } from './spool.ts';

/** What one refresh works with. Everything that varies is here, so that a simulation can bring its own. */
export type Engine = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly clients: ReadonlyMap<string, Client>;
  readonly book: ClientBook;
  readonly leases: Leases;
  readonly spool: Spool;
  /** Answers that the store has not taken yet. */
  readonly unsaved: Unsaved;
  /** Which answers this process offers to the store, by id and generation: one loop each. */
  readonly offered: Set<string>;
  /** Answers that may still come although their refresh is concluded, by grant. */
  readonly late: Map<string, Promise<unknown>>;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timing: Timing;
  /** From 0 to 1. */
  readonly chance: () => number;
  readonly newId: () => string;
  /** When somebody last asked for a grant's access token, as far as this process knows. */
  readonly askedAt: (grantId: string) => Millis | undefined;
  readonly log: (event: LogEvent) => void;
  /** Called between the steps of a refresh. Trials end the process here. */
  readonly atStep: (step: Step) => void;
};

/** Work that goes on after its refresh has ended: it must be over before the store is closed. */
export type Unsaved = {
  track(work: Promise<void>): void;
  isGivenUp(): boolean;
  /** Given when nobody waits any more, because the store is closed. */
  readonly givenUp: AbortSignal;
};

/** The steps of one refresh at which a process can end. */
export type Step =
  | 'before_claim'
  | 'after_claim'
  | 'connected'
  | 'answered'
  | 'before_settle'
  | 'after_settle'
  | 'before_return';

/**
 * How a pair was saved: `stored_answer` had been stored and not taken, `repeat` is a second send inside an overlap, `probe`
 * one without an overlap, `late_answer` came after its refresh was concluded, `spare` was the answer to another send, and
 * `spool` was on the disk of this machine.
 */
export const RECOVERY_WAYS = ['stored_answer', 'repeat', 'probe', 'late_answer', 'spare', 'spool'] as const;
export type RecoveryWay = (typeof RECOVERY_WAYS)[number];

/** What a keeper reports to its log. Nothing in it is secret. */
export type LogEvent =
  | {
      readonly event: 'refresh.ended';
      readonly grantId: string;
      readonly client: string;
      readonly generation: number;
      readonly outcome: string;
      readonly code: string;
      readonly status: number | undefined;
      readonly requestId: string | undefined;
      readonly tookMs: Millis;
    }
  | {
      readonly event: 'answer.spooled';
      readonly grantId: string;
      readonly isOnDisk: boolean;
      readonly reason: string;
    }
  | { readonly event: 'answer.saved_late'; readonly grantId: string }
  /** A pair that could have been lost is stored. */
  | {
      readonly event: 'grant.recovered';
      readonly grantId: string;
      readonly client: string;
      readonly way: RecoveryWay;
    }
  /** The provider ended a grant. `isAvoidable`: its answer was lost although the provider would have given it again. */
  | {
      readonly event: 'grant.died';
      readonly grantId: string;
      readonly client: string;
      readonly cause: ConsentCause;
      readonly isAvoidable: boolean;
    }
  /** The revocation of a closed grant is over. `outcome` is a status (`http_200`), `given_up` or `not_offered`. */
  | {
      readonly event: 'pair.revoked';
      readonly grantId: string;
      readonly isRevoked: boolean;
      readonly outcome: string;
    }
  /** Events that no listener got in time, or too many of them. `needs_consent` of a dead grant is never among them. */
  | { readonly event: 'events.dropped'; readonly count: number }
  /** A key of the service is not accepted: its row was not written with the keeper's keys, or was changed. */
  | { readonly event: 'service_key.refused'; readonly name: string }
  | { readonly event: 'store.failed'; readonly during: string; readonly reason: string }
  /** One grant cannot be refreshed, for a reason that no retry removes: a damaged row, a key that is missing, a bug. */
  | { readonly event: 'refresh.failed'; readonly grantId: string | undefined; readonly reason: string }
  | { readonly event: 'listener.failed'; readonly kind: string; readonly reason: string }
  /** An owner came back from the consent, and the code was exchanged, or not. */
  | {
      readonly event: 'connect.ended';
      readonly client: string;
      readonly outcome: string;
      readonly code: string;
    }
  | { readonly event: 'quarantine'; readonly reason: string };
