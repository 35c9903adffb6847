import type { ImportFault } from './fault.ts';

/** What is wrong with a row. */
export type FaultOfRow = {
  readonly fault: ImportFault;
  /** Which member is wrong and how, where the fault alone does not say it. Carries no value of the row. */
  readonly detail?: string;
};

/** Thrown while a row is parsed, and caught by `parseRow`. */
export class RowFault extends Error {
  readonly found: FaultOfRow;

  constructor(found: FaultOfRow) {
    super(found.fault);
    this.found = found;
  }
}

export const refuse = (fault: ImportFault, more: { readonly detail?: string } = {}): never => {
  throw new RowFault({ fault, ...more });
};
