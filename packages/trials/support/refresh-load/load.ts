import type { Chance } from '../chance.ts';
import type { ClientKind } from './client-kinds.ts';
import { consent, registerClients } from './consent.ts';
import type { TrialClient } from './consent.ts';
import { driveGrant, present } from './grant-driver.ts';
import type { GrantLog, Signals } from './grant-driver.ts';
import type { Home } from '../server-store.ts';
import { createRoutes } from './routes.ts';

/** Many clients that refresh at the same time, and their logs. */
export type Load = {
  /** The logs of all grants, including lost ones. */
  readonly logs: readonly GrantLog[];
  /** Starts to refresh on these ports, where servers may start and stop. Each call uses a random port. */
  start(...ports: readonly number[]): void;
  /** Resolves after `count` more requests are sent, or answers are read. */
  at(moment: 'sent' | 'answered', count: number): Promise<void>;
  /** Resolves when `isSeen` is true, checked after each call, or when every client has stopped. */
  until(isSeen: () => boolean): Promise<void>;
  /** Resolves when every grant that is not lost has been refreshed again. */
  untilAllRefreshed(): Promise<void>;
  /** The owners of lost grants consent again. */
  renewLost(): Promise<void>;
  /** Stops every client after an answered call. */
  finish(): Promise<void>;
  /** Presents up to `most` used tokens of each grant of a careless client, then the newest token of every grant. */
  presentOld(most: number): Promise<void>;
  close(): void;
};

type Watch = { isSeen: () => boolean; resolve: () => void };

/** Registers a client of each kind and distributes `grants` new grants among them. Sends nothing yet. */
export const createLoad = async (
  home: Home,
  kinds: readonly ClientKind[],
  grants: number,
  chance: Chance,
): Promise<Load> => {
  const clients = await registerClients(home, kinds);
  const logs: GrantLog[] = [];
  const renewed = new Set<GrantLog>();
  const routes = createRoutes(clients, chance.fork());
  const driving: Promise<void>[] = [];
  const counts = { sent: 0, answered: 0 };
  let watches: Watch[] = [];
  let clientsDriving = 0;
  const checkWatches = (): void => {
    const seen = watches.filter(({ isSeen }) => clientsDriving === 0 || isSeen());
    if (seen.length === 0) return;
    watches = watches.filter((watch) => !seen.includes(watch));
    for (const { resolve } of seen) resolve();
  };

  const signals: Signals = {
    isEnding: false,
    isClosed: false,
    report(moment) {
      counts[moment]++;
      checkWatches();
    },
  };

  const drive = async (log: GrantLog): Promise<void> => {
    clientsDriving++;
    await driveGrant(log, routes.of(log), chance.fork(), signals);
    clientsDriving--;
    checkWatches();
  };
  const addGrants = async (wanted: readonly TrialClient[]): Promise<void> => {
    for (const { client, refreshToken } of await consent(home, wanted)) {
      const log = {
        client,
        firstToken: refreshToken,
        calls: [],
        held: [refreshToken],
        answers: 0,
        isLost: false,
      };
      logs.push(log);
      if (routes.isOpen()) driving.push(drive(log));
    }
  };
  const until = (isSeen: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      watches.push({ isSeen, resolve });
      if (clientsDriving === 0) checkWatches();
    });

  await addGrants(
    Array.from({ length: grants }, (_, index) => clients[index % clients.length]).filter(isDefined),
  );
  return {
    logs,
    start(...ports) {
      routes.open(ports);
      for (const log of logs) driving.push(drive(log));
    },
    at(moment, count) {
      const goal = counts[moment] + count;
      return until(() => counts[moment] >= goal);
    },
    until,
    untilAllRefreshed() {
      const before = new Map(logs.map((log) => [log, log.answers]));
      return until(() => logs.every((log) => log.isLost || log.answers > (before.get(log) ?? 0)));
    },
    async renewLost() {
      const lost = logs.filter((log) => log.isLost && !renewed.has(log));
      for (const log of lost) renewed.add(log);
      if (lost.length > 0) await addGrants(lost.map(({ client }) => client));
    },
    async finish() {
      signals.isEnding = true;
      await Promise.all(driving);
    },
    async presentOld(most) {
      await Promise.all(
        logs.map(async (log) => {
          const old =
            log.client.kind.isCareless === true ? chooseSome(log.held.slice(0, -1), most, chance) : [];
          for (const token of old) await present(log, token, undefined, routes.of(log)(), signals);
          if (!log.isLost) await driveGrant(log, routes.of(log), chance, signals);
        }),
      );
    },
    close() {
      signals.isClosed = true;
      routes.close();
    },
  };
};

const isDefined = (client: TrialClient | undefined): client is TrialClient => client !== undefined;

const chooseSome = (tokens: readonly string[], most: number, chance: Chance): readonly string[] =>
  tokens.length <= most
    ? tokens
    : Array.from({ length: most }, () => tokens[chance.integer(0, tokens.length - 1)] ?? '');
