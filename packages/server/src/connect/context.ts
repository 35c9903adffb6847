import type { Emit } from '../log-event.ts';
import type { Store } from '../grants/store.ts';
import type { Randomness } from '../randomness.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { Upstream } from './sign-in/upstream.ts';
import type { VehicleSource } from './vehicles/vehicle-source.ts';

/** What the owners' pages work with. */
export type ConnectContext = {
  readonly store: Store;
  readonly keyRing: KeyRing;
  /** Told the newest key that the store knows of; answers whether the ring, read again if need be, lacks it. */
  readonly noticeKey: (newestKeyNumber: number) => boolean;
  readonly randomness: Randomness;
  readonly emit: Emit;
  /** The URL under which the world reaches the server, with no slash at its end; who it says it is (RFC 9207). */
  readonly publicUrl: string;
  /** Whether simulated owners may give real clients access to simulated vehicles. */
  readonly isDemo: boolean;
  /** Where real owners sign in; `undefined` where none is configured. */
  readonly upstream: Upstream | undefined;
  readonly vehicles: VehicleSource;
};
