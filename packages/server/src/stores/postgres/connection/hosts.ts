import { OperatorError } from '../../../errors.ts';
import { toOperatorError } from './errors.ts';
import { isOfFullPool } from './reconnecting.ts';

/** One of the servers that an address names. */
export type Host<Connection> = {
  readonly name: string;
  /** Rejects where the server does not answer, is a standby, or refuses us. */
  readonly connect: () => Promise<Connection>;
};

/**
 * Connects to the primary among these hosts: tries them in turn, and begins with the one that accepted last. So after a
 * failover the first caller finds the new primary, and the later ones go straight to it.
 */
export const createHosts = <Connection>(hosts: readonly Host<Connection>[]): (() => Promise<Connection>) => {
  let primary = 0;
  return async () => {
    const failures: Failure[] = [];
    const order = [...hosts.keys()].map((_, turn) => (primary + turn) % hosts.length);
    for (const index of order) {
      const { name, connect } = hosts[index] as Host<Connection>;
      try {
        const connection = await connect();
        primary = index;
        return connection;
      } catch (error) {
        if (hosts.length === 1 || isOfFullPool(error)) throw error;
        failures.push({ name, error });
      }
    }
    throw noneIsPrimary(failures);
  };
};

type Failure = { readonly name: string; readonly error: unknown };

/** Failures of a host that another host may make good. */
const EXPECTED_CODES = new Set(['store_unreachable', 'store_read_only']);

/** The reason of each host; the remedy for what no failover explains, such as a wrong password. */
const noneIsPrimary = (failures: readonly Failure[]): unknown => {
  const errors = failures.map(({ name, error }) => toOperatorError(error, name));
  const bug = errors.find((error) => !(error instanceof OperatorError));
  if (bug !== undefined) return bug;
  const reasons = errors as readonly OperatorError[];
  const odd = reasons.find(({ code }) => !EXPECTED_CODES.has(code));
  return new OperatorError(
    odd?.code ?? 'store_primary_missing',
    `no host is a primary that can be used: ${reasons.map(({ message }) => message).join('; ')}`,
    odd?.remedy ?? 'Check which of the hosts is the primary, and that it runs and can be reached from here.',
    { cause: failures[0]?.error },
  );
};
