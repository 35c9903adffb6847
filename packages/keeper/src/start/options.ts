import type { Timing } from '../grants/timing.ts';
import type { Client } from '../providers/clients.ts';
import type { LogEvent, Step } from '../refresh/engine.ts';
import type { Transport } from '../refresh/exchange.ts';
import type { OutboxBounds } from '../schedule/housekeeping.ts';
import type { StoreOpener } from '../stores/store.ts';
import type { Clock } from '../time.ts';
import type { KeyRing } from '../vault/key-ring.ts';

/** What a keeper is made of. Only the first three are needed. */
export type KeeperOptions = {
  readonly store: StoreOpener;
  readonly keys: KeyRing;
  /** Clients by the names that `put` uses. */
  readonly clients: Readonly<Record<string, Client>>;
  /** Whether due grants are refreshed without being asked for; `true` by default. A one-shot command says `false`. */
  readonly isScheduling?: boolean;
  /** This is the only copy of the store that sends: ends the quarantine of a copied or restored store. */
  readonly isOnlyCopy?: boolean;
  readonly timing?: Partial<Timing>;
  /** Access tokens in memory take so many bytes at most; 64 MiB by default. */
  readonly cacheMaxBytes?: number;
  /** How much waits for listeners where nobody listens. */
  readonly outbox?: Partial<OutboxBounds>;
  readonly log?: (event: LogEvent) => void;
  /** For tests. */
  readonly clock?: Clock;
  readonly transport?: Transport;
  readonly chance?: () => number;
  readonly newId?: () => string;
  readonly atStep?: (step: Step) => void;
};
