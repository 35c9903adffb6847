import { Agent } from 'node:http';
import type { Chance } from '../chance.ts';
import type { TrialClient } from './consent.ts';
import type { GrantLog } from './grant-driver.ts';
import type { Route } from './refresh-wire.ts';

/** The roads of clients to the servers of a trial. */
export type Routes = {
  /** There are servers at these ports from now on. */
  open(ports: readonly number[]): void;
  isOpen(): boolean;
  /** Chooses for each call of a grant one of the servers. */
  of(log: GrantLog): () => Route;
  close(): void;
};

export const createRoutes = (clients: readonly TrialClient[], chance: Chance): Routes => {
  const agents = new Map(clients.map((client) => [client, new Agent({ keepAlive: true })]));
  const known = new Map<GrantLog, () => Route>();
  let ports: readonly number[] = [];

  const make = ({ client }: GrantLog): (() => Route) => {
    const agent = agents.get(client);
    if (agent === undefined || ports.length === 0) throw new Error('the load has not started');
    const { timeoutMs } = client.kind;
    const choosing = chance.fork();
    const choose = (): number => ports[choosing.integer(0, ports.length - 1)] ?? 0;
    return () => ({ port: choose(), agent, timeoutMs });
  };

  return {
    open: (at) => void (ports = at),
    isOpen: () => ports.length > 0,
    of(log) {
      const route = known.get(log) ?? make(log);
      known.set(log, route);
      return route;
    },
    close: () => agents.forEach((agent) => agent.destroy()),
  };
};
