import type { Cluster } from '../support/postgres/cluster.ts';
import type { Pooler } from '../support/postgres/pooler.ts';
import type { Driver } from './driver.ts';

/** How many statements were sent through a pooler in transaction mode, and how many failed. */
export type Pooled = {
  readonly sent: number;
  readonly failed: number;
  /** The message of one of the failures. */
  readonly error: string | undefined;
};

/** How statements are sent. */
type Mode = {
  readonly isNaming: boolean;
  /** Whether each statement has its own transaction. */
  readonly isTransacting: boolean;
};

const SESSIONS = 8;
const ROUNDS = 20;

/** Sends the same few statements repeatedly and at the same time from more sessions than the pooler has connections. */
export const sendThroughPooler = async (
  driver: Driver,
  { cluster, pooler }: { readonly cluster: Cluster; readonly pooler: Pooler },
  { isNaming, isTransacting }: Mode,
): Promise<Pooled> => {
  const url = cluster.url(undefined, pooler.port);
  const sessions = Array.from({ length: SESSIONS }, () => driver.open(url, { isNaming }));
  let sent = 0;
  const failures: unknown[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.allSettled(
      sessions.map(async ({ ask, transact }, index) => {
        const text = `SELECT $1::integer AS value_${(round + index) % 3}`;
        if (!isTransacting) return ask(text, [round]);
        return transact(async (askInside) => void (await askInside(text, [round])));
      }),
    );
    sent += answers.length;
    for (const answer of answers) if (answer.status === 'rejected') failures.push(answer.reason);
  }
  await Promise.all(sessions.map((session) => session.close()));
  const [first] = failures;
  return { sent, failed: failures.length, error: first instanceof Error ? first.message : undefined };
};
