import type { Fault } from './fault.ts';

/** Thrown while a row is parsed, and caught by `parseRow`. */
export class RowFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault);
    this.fault = fault;
  }
}

export const refuse = (fault: Fault): never => {
  throw new RowFault(fault);
};
