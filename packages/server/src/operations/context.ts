import type { ScopeRegistry } from '../clients/scopes.ts';
import type { TimeContext } from '../clock.ts';
import type { Egress } from '../egress/egress.ts';
import type { Store } from '../grants/store.ts';
import type { Emit } from '../log-event.ts';
import type { Randomness } from '../randomness.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import type { KnownDialects } from './dialect-rules.ts';

/** What operations work with. Each one asks for the members it needs. */
export type OperationContext = TimeContext & {
  readonly store: Store;
  readonly dialects: KnownDialects;
  /** What clients may be allowed, and owners may grant. */
  readonly scopes: ScopeRegistry;
  /** The key ring as last read. */
  readonly keyRing: KeyRing;
  /** The issuer of JWTs (`iss`); where it is `undefined`, access tokens are opaque. */
  readonly issuer: string | undefined;
  readonly randomness: Randomness;
  /** The way to URLs that others chose. */
  readonly egress: Egress;
  readonly emit: Emit;
};
