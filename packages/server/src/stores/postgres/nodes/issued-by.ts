import type { Value } from '../connection/transaction.ts';

/**
 * Which node issued the current generation of a grant, or redeemed a code, and in which of its epochs: the number of the
 * node times 2^35, and the epoch. A client that one node answered 503 may retry at another, which has to
 * know whether the first one answered. Up to the epoch that a node has reported, everything it issued was
 * answered or is marked `NOT_ANSWERED`.
 */
export type IssuedBy = bigint;

/** The answer was never given, so the next client that presents the predecessor gets it. */
export const NOT_ANSWERED: IssuedBy = 0n;

/** Years of epochs, though a busy node begins one for each of its statements. */
const EPOCHS = 2n ** 35n;

/** Numbers of nodes are smaller than this, so that the value fits a `bigint` of the database. */
export const NODE_NUMBERS = 2 ** 28;

export const issuedByOf = (nodeNumber: number, epoch: number): IssuedBy =>
  BigInt(nodeNumber) * EPOCHS + BigInt(epoch);

export const nodeNumberOf = (issuedBy: IssuedBy): number => Number(issuedBy / EPOCHS);

export const epochOf = (issuedBy: IssuedBy): number => Number(issuedBy % EPOCHS);

/** From the value of a column `issued_by`. */
export const toIssuedBy = (value: Value): IssuedBy | undefined =>
  value === null || value === undefined ? undefined : BigInt(String(value));
