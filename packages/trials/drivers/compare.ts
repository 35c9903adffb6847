import type { Cluster } from '../support/postgres/cluster.ts';
import type { Pooler } from '../support/postgres/pooler.ts';
import { measureCosts } from './costs.ts';
import type { Costs } from './costs.ts';
import { tryCuts } from './cuts.ts';
import type { Cuts } from './cuts.ts';
import type { Driver } from './driver.ts';
import { askThroughPooler } from './pooled.ts';
import type { Pooled } from './pooled.ts';

/** Everything that was tried on a driver. */
export type Tried = {
  readonly driver: Driver['name'];
  readonly version: string;
  readonly limits: string;
  readonly cuts: Cuts;
  /** As the driver comes, without names, and with them. */
  readonly costs: { readonly byDefault: Costs; readonly unnamed: Costs; readonly named: Costs };
  /** Absent where there is no PgBouncer. */
  readonly pooled?: {
    readonly unnamed: Pooled;
    readonly unnamedInTransactions: Pooled;
    readonly named: Pooled;
    readonly namedInTransactions: Pooled;
  };
};

/** Tries a driver on a database, and through a pooler where there is one. */
export const tryDriver = async (
  driver: Driver,
  cluster: Cluster,
  pooler: Pooler | undefined,
): Promise<Tried> => {
  const { name, version, limits } = driver;
  const cuts = await tryCuts(driver, cluster);
  const costs = {
    byDefault: await measureCosts(driver, cluster),
    unnamed: await measureCosts(driver, cluster, false),
    named: await measureCosts(driver, cluster, true),
  };
  const tried = { driver: name, version, limits, cuts, costs };
  if (pooler === undefined) return tried;
  const ask = (isNaming: boolean, isTransacting: boolean) =>
    askThroughPooler(driver, { cluster, pooler }, { isNaming, isTransacting });
  return {
    ...tried,
    pooled: {
      unnamed: await ask(false, false),
      unnamedInTransactions: await ask(false, true),
      named: await ask(true, false),
      namedInTransactions: await ask(true, true),
    },
  };
};
