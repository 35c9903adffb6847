import type { ImportFault } from './fault.ts';

/** Thrown while a row is parsed, and caught by `parseRow`. */
export class RowFault extends Error {
  readonly fault: ImportFault;

  constructor(fault: ImportFault) {
    super(fault);
    this.fault = fault;
  }
}

export const refuse = (fault: ImportFault): never => {
  throw new RowFault(fault);
};
