import type { Caller, LogEvent } from '@keyfob/server';
import type { Prng } from '../support/prng.ts';
import type { KeyMaker } from './key-maker.ts';
import type { Fault, Plan } from './plan.ts';
import type { ClientRecord, GrantRecord, Node, Presentation, Violation } from './records.ts';
import type { Schedule } from './schedule.ts';
import type { SimulatedStore } from './simulated-store.ts';

/** One simulated deployment with its clients, owners, operator and thieves. */
export type World = {
  readonly plan: Plan;
  readonly prng: Prng;
  readonly schedule: Schedule;
  readonly store: SimulatedStore;
  readonly keys: KeyMaker;
  readonly nodes: Node[];
  readonly clients: ClientRecord[];
  readonly grants: GrantRecord[];
  /** One client per dialect that presents tokens of other clients. */
  readonly outsiders: Readonly<Record<'smartcar' | 'pleos', ClientRecord>>;
  readonly presentations: Presentation[];
  readonly byCaller: WeakMap<Caller, Presentation>;
  /** Every log event of the servers. */
  readonly log: LogEvent[];
  /** Every text that must not be in the log or in the store. */
  readonly secrets: Set<string>;
  readonly violations: Violation[];
  isStoreUnavailable: boolean;
  /** The newest moment that a server noted, for the next start. */
  seenAtMs: number | undefined;
  decisions: number;
  failovers: number;
  /** The time of the last consent; `-Infinity` before the first one. */
  consentedAtMs: number;
  /** Called at the next consent. */
  onConsent: (() => void)[];
  has(fault: Fault): boolean;
  violate(checker: string, what: string): void;
  trace(line: () => string): void;
};
