import type { Cluster } from '../support/postgres/cluster.ts';
import type { Pooler } from '../support/postgres/pooler.ts';
import { measureCosts } from './costs.ts';
import type { Costs } from './costs.ts';
import { tryCuts } from './cuts.ts';
import type { Cuts } from './cuts.ts';
import type { Driver } from './driver.ts';
import { sendThroughPooler } from './pooled.ts';
import type { Pooled } from './pooled.ts';

/** The results of all trials of a driver. */
export type DriverResults = {
  readonly driver: Driver['name'];
  readonly version: string;
  readonly limits: string;
  readonly cuts: Cuts;
  /** With the driver's default, without names for statements, and with them. */
  readonly costs: { readonly byDefault: Costs; readonly unnamed: Costs; readonly named: Costs };
  /** Absent if PgBouncer is not installed. */
  readonly pooled?: {
    readonly unnamed: Pooled;
    readonly unnamedInTransactions: Pooled;
    readonly named: Pooled;
    readonly namedInTransactions: Pooled;
  };
};

/** Runs all trials of a driver on a database, and through a pooler if there is one. */
export const tryDriver = async (
  driver: Driver,
  cluster: Cluster,
  pooler: Pooler | undefined,
): Promise<DriverResults> => {
  const { name, version, limits } = driver;
  const cuts = await tryCuts(driver, cluster);
  const costs = {
    byDefault: await measureCosts(driver, cluster),
    unnamed: await measureCosts(driver, cluster, false),
    named: await measureCosts(driver, cluster, true),
  };
  const results = { driver: name, version, limits, cuts, costs };
  if (pooler === undefined) return results;
  const ask = (isNaming: boolean, isTransacting: boolean) =>
    sendThroughPooler(driver, { cluster, pooler }, { isNaming, isTransacting });
  return {
    ...results,
    pooled: {
      unnamed: await ask(false, false),
      unnamedInTransactions: await ask(false, true),
      named: await ask(true, false),
      namedInTransactions: await ask(true, true),
    },
  };
};
