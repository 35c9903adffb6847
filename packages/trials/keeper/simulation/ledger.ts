import { momentsOf } from './process.ts';
import type { Family } from './virtual-provider.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What the rules of a simulation share: what is known of cars, of mishaps, and the broken promises. */
export type Ledger = {
  readonly faults: string[];
  fault(text: string): void;
  /** Adds a line to the story. */
  note(text: string): void;
  /** A pair of a new consent was put under a grant. */
  connect(grantId: string, family: Family): void;
  carOf(grantId: string): string;
  grantOf(car: string): string;
  current(car: string): { readonly family: Family; readonly sinceMs: number } | undefined;
  /** Something went wrong for all: the store was away, the client was stopped. */
  upset(forMs?: number): void;
  readonly upsets: readonly number[];
};

const FAULTS_MAX = 20;

export const createLedger = (time: VirtualTime, report: (line: string) => void): Ledger => {
  const beganMs = time.nowMs();
  const atSeconds = (): string => ((time.nowMs() - beganMs) / 1000).toFixed(3);
  const cars = new Map<string, string>();
  const grants = new Map<string, string>();
  const families = new Map<string, { family: Family; sinceMs: number }>();
  const faults: string[] = [];
  const upsets: number[] = [];
  const note = (text: string): void => report(`${atSeconds()} ${text}`);
  const upset = (forMs?: number): void => void upsets.push(...momentsOf(time.nowMs(), forMs));
  return {
    faults,
    note,
    fault(text) {
      note(`FAULT ${text}`);
      if (faults.length < FAULTS_MAX) faults.push(`at ${atSeconds()} s: ${text}`);
    },
    connect(grantId, family) {
      cars.set(grantId, family.car);
      grants.set(family.car, grantId);
      families.set(family.car, { family, sinceMs: time.nowMs() });
    },
    carOf: (grantId) => cars.get(grantId) ?? grantId,
    grantOf: (car) => grants.get(car) ?? '',
    current: (car) => families.get(car),
    upset,
    upsets,
  };
};
