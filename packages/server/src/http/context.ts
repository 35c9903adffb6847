import type { Authentication } from '../clients/authenticate.ts';
import type { TimeContext } from '../clock.ts';
import type { TokenIssuer } from '../grants/issue.ts';
import type { ClientReading } from '../clients/client-store.ts';
import type { Store } from '../grants/store.ts';
import type { Emit } from '../log-event.ts';
import type { Randomness } from '../randomness.ts';

/** What the endpoints work with. */
export type EndpointContext = TokenIssuer &
  TimeContext & {
    readonly issuer: string;
    readonly store: Store;
    readonly authentication: Authentication<ClientReading>;
    /**
     * Gets the newest key number that the store has registered, and reads the key ring again if the ring lacks that key.
     * Returns whether the ring still lacks it.
     */
    readonly noticeKey: (newestKeyNumber: number) => boolean;
    readonly randomness: Randomness;
    readonly emit: Emit;
  };
