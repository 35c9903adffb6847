import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { StoreFigures } from '../grants/store.ts';

/** How busy the store is: its commits, what waits for one, and on PostgreSQL its connections. */
export const addStoreMetrics = (registers: Registry[], read: () => StoreFigures): void => {
  const counter = (name: string, help: string, valueOf: (figures: StoreFigures) => number): void => {
    const metric: Counter = new Counter({
      name,
      help,
      registers,
      collect() {
        metric.reset();
        metric.inc(valueOf(read()));
      },
    });
  };
  counter('keyfob_store_commits_total', 'Commits of this process.', ({ commits }) => commits);
  counter(
    'keyfob_store_commit_duration_seconds_total',
    'Time that commits took together, from their first statement to the disk.',
    ({ commitSeconds }) => commitSeconds,
  );
  counter(
    'keyfob_store_changes_total',
    'Units of work in these commits; those of one moment share a commit.',
    ({ changes }) => changes,
  );
  const waiting: Gauge = new Gauge({
    name: 'keyfob_store_waiting_changes',
    help: 'Units of work that wait for their commit.',
    registers,
    collect: () => waiting.set(read().waiting),
  });
  if (read().connections === undefined) return;
  const connections: Gauge<'state'> = new Gauge({
    name: 'keyfob_store_connections',
    help: 'Connections to the database: idle, busy, and callers that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      const { idle = 0, busy = 0, awaited = 0 } = read().connections ?? {};
      connections.set({ state: 'idle' }, idle);
      connections.set({ state: 'busy' }, busy);
      connections.set({ state: 'awaited' }, awaited);
    },
  });
};
