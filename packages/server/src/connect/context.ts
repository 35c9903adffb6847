import type { DataRegistry } from '../clients/data-names.ts';
import type { ScopeRegistry } from '../clients/scopes.ts';
import type { Emit } from '../log-event.ts';
import type { Store } from '../grants/store.ts';
import type { Clock, TimeContext } from '../clock.ts';
import type { Randomness } from '../randomness.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import type { Upstream } from './sign-in/upstream.ts';
import type { DemoContext } from './demo/demo-clients.ts';
import type { VisitLimits } from './visit-limit.ts';
import type { VehicleSource } from './vehicles/vehicle-source.ts';

/** What the owners' pages need from the server. */
export type ConnectContext = TimeContext & {
  readonly store: Store;
  readonly keyRing: KeyRing;
  /** Follows what the store knows of its keys. Returns whether the ring lacks one of them. */
  readonly noticeKeys: (registered: readonly RegisteredKey[]) => boolean;
  readonly monotonic: Clock;
  readonly randomness: Randomness;
  readonly emit: Emit;
  /** The public URL of the server, without a slash at the end; also its issuer identifier (RFC 9207). */
  readonly publicUrl: string;
  /** What clients may ask owners for, with the owners' texts. */
  readonly scopes: ScopeRegistry;
  /** The vehicle data that they may ask for by name, with the owners' texts. */
  readonly data: DataRegistry;
  /** Whether simulated owners may sign in without a request for them, where the client may have simulated owners. */
  readonly isDemo: boolean;
  /** Whether no client's request is accepted that was not pushed (RFC 9126). */
  readonly requirePushedRequests: boolean;
  /** The clients whose callback is a page of this server; `undefined` without a demo. */
  readonly demo: DemoContext | undefined;
  /** The provider where real owners sign in; `undefined` if none is configured. */
  readonly upstream: Upstream | undefined;
  readonly vehicles: VehicleSource;
  readonly visitLimits: VisitLimits;
  /** How many days grant events are kept. */
  readonly grantEventDays: number;
};
