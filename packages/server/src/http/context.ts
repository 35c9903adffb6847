import type { Authentication } from '../clients/authenticate.ts';
import type { TimeContext } from '../clock.ts';
import type { TokenIssuer } from '../grants/issue.ts';
import type { ClientReading } from '../clients/client-store.ts';
import type { Store } from '../grants/store.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import type { Emit } from '../log-event.ts';
import type { Randomness } from '../randomness.ts';

/** What the endpoints work with. */
export type EndpointContext = TokenIssuer &
  TimeContext & {
    readonly issuer: string;
    /** Where clients with certificates reach the endpoints; absent for nowhere else. */
    readonly mtlsUrl?: string | undefined;
    readonly store: Store;
    readonly authentication: Authentication<ClientReading>;
    /**
     * Gets the keys that the store has registered. Reads the key ring again if it lacks one of them, and takes over what was
     * decided about them. Returns whether the ring still lacks one.
     */
    readonly noticeKeys: (registered: readonly RegisteredKey[]) => boolean;
    /** Whether the proofs of token requests need a nonce of this server. Absent: they do. */
    readonly needsNonces?: boolean;
    readonly randomness: Randomness;
    readonly emit: Emit;
  };
