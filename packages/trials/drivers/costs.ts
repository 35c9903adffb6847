import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import { readSentMessages } from './sent-messages.ts';
import type { Driver } from './driver.ts';

/** What one statement with a parameter costs on the wire. */
export type Cost = { readonly roundTrips: number; readonly messages: readonly string[] };

/** The same statement the first time on its connection, and the second. */
export type Costs = { readonly first: Cost; readonly second: Cost };

/** Sends a statement with a parameter twice: named, not named, or with the driver's default. */
export const measureCosts = async (driver: Driver, cluster: Cluster, isNaming?: boolean): Promise<Costs> => {
  let sent: Buffer[] = [];
  const proxy = await openWireProxy(cluster.port, (bytes) => void sent.push(bytes));
  const session = driver.open(cluster.url(undefined, proxy.port), isNaming === undefined ? {} : { isNaming });
  const measure = async (): Promise<Cost> => {
    sent = [];
    const before = proxy.turns();
    await session.ask('SELECT $1::text AS value', ['a value']);
    return { roundTrips: proxy.turns() - before, messages: readSentMessages(Buffer.concat(sent)) };
  };
  try {
    await session.ask('SELECT 1');
    return { first: await measure(), second: await measure() };
  } finally {
    await session.close();
    await proxy.close();
  }
};
