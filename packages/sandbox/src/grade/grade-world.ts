import type { NewFault } from '../faults/fault.ts';
import type { FirstTokens, TokenKind } from './contract.ts';
import type { Exchange } from './history.ts';

/** A request to the token endpoint, as far as it has come. */
export type SeenRequest = Omit<Exchange, 'kind' | 'need' | 'waitedMs' | 'silentUntilMs'> & {
  /** From 1, in the order of arrival. */
  readonly number: number;
  readonly stage: 'arrived' | 'committed' | 'sending' | 'ended';
  /** Real time of its arrival, as `performance.now()` has it. */
  readonly arrivedAt: number;
  /** In a sentence, for the journal of the scorecard. */
  readonly says: string;
};

/** A request that came to another path than the token endpoint: a hint for a command that does not work at all. */
export type StrayRequest = { readonly method: string; readonly path: string };

/** What the grade wants of a world with one client and one grant. */
export type GradeWorld = {
  /** The variables that the command gets: those of the SDKs, and `KEYFOB_URL`, `KEYFOB_TOKEN_URL`, … */
  environment(): Readonly<Record<string, string>>;
  /** Secrets that no report may show. */
  secrets(): readonly string[];
  nowMs(): number;
  /** Lets time pass: moves the clock, or waits where it is the real one. */
  pass(seconds: number): Promise<void>;
  createGrant(): Promise<FirstTokens>;
  kindOf(word: string): Promise<TokenKind>;
  arm(fault: NewFault): void;
  disarm(): void;
  /** Whether a fault is left that may still happen. */
  isArmed(): boolean;
  requests(): readonly SeenRequest[];
  strays(): readonly StrayRequest[];
  /** Calls the listener at every step of a request to the token endpoint, until the returned function is called. */
  follow(listener: (request: SeenRequest) => void): () => void;
  /** Resolves when no request is open any more, or soon: one may hang. */
  settle(): Promise<void>;
  revoke(): Promise<void>;
  /** The owner takes back one of two vehicles. */
  withdrawOne(): Promise<void>;
  /** The client's policy becomes what its vendor documents, after it was another. */
  startRotating(): Promise<void>;
  /** Somebody else refreshes. */
  steal(): Promise<void>;
  /** From now on only a new secret works, which the environment does not have yet. */
  rollSecret(): Promise<void>;
  handOverSecret(): void;
  save(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
};
