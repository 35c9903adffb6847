import type { OnceStore } from '../clients/once-store.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { RegistrationStore } from '../clients/registration-store.ts';
import type { GrantEventStore } from '../outbox/grant-event-store.ts';
import type { WebhookStore } from '../outbox/webhook-store.ts';
import type { AuditStore } from '../operators/audit-store.ts';
import type { OperatorStore } from '../operators/operator-store.ts';
import type { NodeStore } from '../operators/running-node.ts';
import type { TroubleStore } from '../operators/trouble.ts';
import type { KeyStore } from '../tokens/key-store.ts';
import type { ClockStore } from './clock-store.ts';
import type { CodeStore } from './code-store.ts';
import type { ConsentStore } from './consent-store.ts';
import type { DeviceStore } from './device-store.ts';
import type { GrantStore } from './grant-store.ts';
import type { ImportStore } from './import-store.ts';
import type { SessionStore } from './session-store.ts';

/** How busy a store is. Totals count from its opening. */
export type StoreFigures = {
  readonly commits: number;
  /** How long they took together, from their first statement to the disk. */
  readonly commitSeconds: number;
  /** Units of work in these commits. */
  readonly changes: number;
  /** Units of work that wait for their commit. */
  readonly waiting: number;
  /** Of a store that keeps connections. `awaited`: callers that wait for one. */
  readonly connections?: { readonly idle: number; readonly busy: number; readonly awaited: number };
};

/**
 * All that is stored. Every verb is one atomic step, durable on disk when its promise resolves, and decided on the
 * primary. A verb that fails throws `StoreError` and nothing else: `unavailable` where nothing changed,
 * `outcome_unknown` where the answer to a commit was lost. Every moment is in integer milliseconds.
 */
export type Store = GrantStore &
  CodeStore &
  DeviceStore &
  ConsentStore &
  ImportStore &
  GrantEventStore &
  WebhookStore &
  ClientStore &
  RegistrationStore &
  OnceStore &
  KeyStore &
  ClockStore &
  OperatorStore &
  AuditStore &
  NodeStore &
  TroubleStore &
  SessionStore & {
    /**
     * Whether the store itself remembers which uses were not answered, and recognises their retries at every node. For
     * a store that does not, the token endpoints of each process remember their own (`undecided-uses.ts`).
     */
    readonly remembersUnanswered?: true;
    /** Asks nothing of the disk or the database. Absent where a store does not count. */
    figures?(): StoreFigures;
    close(): Promise<void>;
  };
