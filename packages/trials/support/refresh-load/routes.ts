import { Agent } from 'node:http';
import type { Chance } from '../chance.ts';
import type { TrialClient } from './consent.ts';
import type { GrantLog } from './grant-driver.ts';
import type { Route } from './refresh-wire.ts';

/** The routes of clients to the servers of a trial. */
export type Routes = {
  /** Sets the ports of the servers. */
  open(ports: readonly number[]): void;
  isOpen(): boolean;
  /** Chooses a server for each call of a grant. */
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
    const portChance = chance.fork();
    const choose = (): number => ports[portChance.integer(0, ports.length - 1)] ?? 0;
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
