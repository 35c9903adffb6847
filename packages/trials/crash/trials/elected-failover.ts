import { createChance } from '../../support/chance.ts';
import type { Chance } from '../../support/chance.ts';
import { startKeyfob } from '../../support/keyfob-process.ts';
import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { startElectedCluster } from '../../support/patroni/elected-cluster.ts';
import type { ElectedCluster, ElectionMode } from '../../support/patroni/elected-cluster.ts';
import { CLIENT_KINDS, RESYNC_CLIENT_KINDS } from '../../support/refresh-load/client-kinds.ts';
import { createLoad } from '../../support/refresh-load/load.ts';
import type { Load } from '../../support/refresh-load/load.ts';
import { reportOn } from '../../support/refresh-load/report.ts';
import { makeHomeAt } from '../../support/server-store.ts';
import type { Trial } from '../trial.ts';

/** What happens to the primary. Its standby is promoted, except after `both`. */
const FAULTS = {
  /** The machine of the primary is lost. */
  async killed({ cluster, load, mode, chance }) {
    const leader = await cluster.untilComplete();
    await leader.kill();
    // A dead member needs no time to notice that its lease ends, so the trial does not wait for that.
    await cluster.endLease();
    await cluster.untilLeads(cluster.otherOf(leader));
    await refreshAlone({ load, mode, chance });
    leader.start();
  },
  /** The primary is cut off from etcd and its standby, while the nodes still reach it. */
  async cutOff({ cluster, load, mode, chance }) {
    const leader = await cluster.untilComplete();
    leader.cutOff(true);
    await cluster.untilLeads(cluster.otherOf(leader));
    await refreshAlone({ load, mode, chance });
    leader.cutOff(false);
  },
  /** The primary is cut off from everything, and its connections are silent. */
  async silent({ cluster, load, mode, chance }) {
    const leader = await cluster.untilComplete();
    leader.front.hold(true);
    leader.cutOff(true);
    await cluster.untilLeads(cluster.otherOf(leader));
    await refreshAlone({ load, mode, chance });
    leader.front.hold(false);
    leader.cutOff(false);
  },
  /** The standby is lost, some time later the primary, and both come back in either order. */
  async both({ cluster, load, chance, mode }) {
    const leader = await cluster.untilComplete();
    const standby = cluster.otherOf(leader);
    await standby.kill();
    await refreshAlone({ load, mode, chance });
    await leader.kill();
    await cluster.endLease();
    const order = chance.pick([
      [leader, standby],
      [standby, leader],
    ]);
    for (const member of order) member.start();
    await cluster.untilComplete();
    await load.untilAllRefreshed();
  },
} as const satisfies Record<string, (setting: Setting) => Promise<void>>;

type Setting = {
  readonly cluster: ElectedCluster;
  readonly load: Load;
  readonly chance: Chance;
  readonly mode: ElectionMode;
};

/** Lets the clients go on while one member is alone. In strict mode it then commits nothing. */
const refreshAlone = async ({ load, mode, chance }: Omit<Setting, 'cluster'>): Promise<void> =>
  mode === 'strict' ? load.at('sent', chance.integer(1, load.logs.length * 2)) : load.untilAllRefreshed();

type FaultName = keyof typeof FAULTS;

const SERVERS = 2;
/** So that the load leaves Patroni enough of the machine to keep its lease. */
const PAUSE_MS = 150;

/**
 * Patroni elects the primary, and loses it `count` times, under refresh load of two servers whose address names both
 * hosts. Where commits wait for a standby, no policy allows a resync: one lost refresh loses the grant.
 */
export const electedFailoverTrial =
  (mode: ElectionMode): Trial =>
  async ({ count, grants, seed, onProgress }) => {
    const cluster = await startElectedCluster(mode);
    if ('reason' in cluster) return { skipped: cluster.reason };
    const chance = createChance(seed);
    const home = await makeHomeAt(cluster.url, cluster.remove);
    const servers: KeyfobServer[] = [];
    const longestMs: Partial<Record<FaultName, number>> = {};
    const times: Partial<Record<FaultName, number>> = {};
    let load: Load | undefined;
    try {
      load = await createLoad(home, kindsFor(mode), grants, chance.fork());
      for (let index = 0; index < SERVERS; index++)
        servers.push(await startKeyfob({ ...home, args: ['--log-level', 'warn'] }));
      load.start(...servers.map(({ url }) => Number(new URL(url).port)));
      const names = Object.keys(FAULTS) as FaultName[];
      for (let round = 1; round <= count; round++) {
        await cluster.untilComplete();
        await load.untilAllRefreshed();
        await load.at('sent', chance.integer(1, grants * 3));
        // In turn, so that a short run has each.
        const name = names[round % names.length] ?? 'killed';
        const before = performance.now();
        await FAULTS[name]({ cluster, load, chance, mode });
        await load.untilAllRefreshed();
        const tookMs = longestPauseMs(load, before);
        longestMs[name] = Math.max(longestMs[name] ?? 0, tookMs);
        times[name] = (times[name] ?? 0) + 1;
        onProgress(round, count);
      }
      await load.finish();
      await load.presentOld(0);
      const resynced = servers.reduce(
        (sum, server) => sum + server.log().split('"refresh.resynced"').length - 1,
        0,
      );
      const figures = names.flatMap((name) => [
        [name, times[name] ?? 0] as const,
        [`${name}LongestPauseMs`, longestMs[name] ?? 0] as const,
      ]);
      return reportOn(load.logs, { rounds: count, ...Object.fromEntries(figures), resynced });
    } finally {
      load?.close();
      for (const server of servers) await server.stop();
      await home.remove();
    }
  };

/** The longest time between two answers to one grant since a moment. */
const longestPauseMs = ({ logs }: Load, sinceMs: number): number =>
  Math.round(
    Math.max(
      ...logs.map(({ calls }) => {
        const ends = calls.flatMap(({ outcome, endMs }) => (outcome.kind === 'answered' ? [endMs] : []));
        return Math.max(0, ...ends.map((end, index) => (end < sinceMs ? 0 : end - (ends[index - 1] ?? end))));
      }),
    ),
  );

/** No server is killed, so no answer is lost, and a client can retry after a 503. */
const kindsFor = (mode: ElectionMode) =>
  (mode === 'asynchronous' ? RESYNC_CLIENT_KINDS : CLIENT_KINDS).map((kind) => ({
    ...kind,
    mayLoseGrants: false,
    pauseMs: PAUSE_MS,
  }));
