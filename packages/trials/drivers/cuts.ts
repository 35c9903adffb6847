import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';
import type { Ask, Driver, Session } from './driver.ts';
import { readError } from './error-contents.ts';
import type { ErrorContents } from './error-contents.ts';

/** How a statement ended for its caller; `afterMs` counts from the fault. */
export type Ended =
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly afterMs: number; readonly error: ErrorContents }
  /** The caller was still waiting when the trial ended. */
  | { readonly kind: 'waiting'; readonly afterMs: number };

/** How a driver handled a fault. */
export type Outcome = {
  readonly ended: Ended;
  /** Whether the database executed the statement. */
  readonly isDone: boolean;
  /** Whether the next statement on the same session is answered. */
  readonly continues: boolean;
};

/** The outcome of each fault. */
export type Cuts = {
  /** A statement that commits by itself, cut off before it reached the database. */
  readonly statementNotSent: Outcome;
  readonly statementNotAnswered: Outcome;
  readonly commitNotSent: Outcome;
  readonly commitNotAnswered: Outcome;
  /** The statement reaches the database, the connection stays open, and no answer arrives. */
  readonly silence: Outcome;
  /** The database answers with an error: a duplicate key. */
  readonly refused: Outcome;
};

const STATEMENT = 'INSERT INTO uses (id, parameter) VALUES ($1, $2)';
const STATEMENT_BYTES = 'INSERT INTO uses';
const PARAMETER = 'the-parameter-of-the-trial';
/** Bytes that occur only in the answer to this statement. */
const INSERTED = 'INSERT 0 1';
const COMMITTED = 'COMMIT\0';
/** The COMMIT statement as each driver writes it. */
const COMMIT_BYTES = { pg: 'COMMIT\0', postgres: 'commit\0' };

/** The time limit set in a driver that has one, and how long a driver without one is watched. */
export const LIMITS_MS = { limit: 2000, watched: 5000 };

/** Tries every fault on a driver, each on its own connection. */
export const tryCuts = async (driver: Driver, cluster: Cluster): Promise<Cuts> => {
  const proxy = await openWireProxy(cluster.port);
  const database = `cuts_${driver.name}`;
  await cluster.createDatabase(database);
  await cluster.ask('CREATE TABLE uses (id integer PRIMARY KEY, parameter text)', database);
  const url = cluster.url(database, proxy.port);
  const commit = COMMIT_BYTES[driver.name];
  let id = 0;

  const trial = async (arm: () => Promise<void>, work: (session: Session) => Promise<unknown>) => {
    id++;
    const session = driver.open(url, { limitMs: LIMITS_MS.limit });
    await session.ask('SELECT 1');
    const ended = await watch(work(session), arm());
    const isDone = (await cluster.ask(`SELECT id FROM uses WHERE id = ${id}`, database)).length > 0;
    const continues = (await watch(session.ask('SELECT 1'), Promise.resolve())).kind === 'answered';
    proxy.cut();
    await session.close();
    return { ended, isDone, continues };
  };
  const insert = (ask: Ask, number = id) => ask(STATEMENT, [number, PARAMETER]);
  const onStatement = (...words: Parameters<WireProxy['fail']>) =>
    trial(
      () => proxy.fail(...words),
      ({ ask }) => insert(ask),
    );
  const onCommit = (...words: Parameters<WireProxy['fail']>) =>
    trial(
      () => proxy.fail(...words),
      ({ transact }) => transact(async (ask) => void (await insert(ask))),
    );

  try {
    return {
      statementNotSent: await onStatement('cut_before', PARAMETER),
      statementNotAnswered: await onStatement('cut_after', PARAMETER, INSERTED),
      commitNotSent: await onCommit('cut_before', commit),
      commitNotAnswered: await onCommit('cut_after', commit, COMMITTED),
      silence: await onStatement('hold', PARAMETER),
      refused: await trial(
        async () => {},
        ({ ask }) => insert(ask, 2),
      ),
    };
  } finally {
    await proxy.close();
  }
};

/** Waits until the statement ends, within a time limit. */
const watch = async (statement: Promise<unknown>, fault: Promise<void>): Promise<Ended> => {
  const settled = statement.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  await Promise.race([fault, settled]);
  const startMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<'waiting'>((resolve) => {
    timer = setTimeout(() => resolve('waiting'), LIMITS_MS.watched);
  });
  const first = await Promise.race([settled, tooLong]);
  clearTimeout(timer);
  const afterMs = Math.round(performance.now() - startMs);
  if (first === 'waiting') return { kind: 'waiting', afterMs };
  if (first === undefined) return { kind: 'answered' };
  return { kind: 'failed', afterMs, error: readError(first.error, STATEMENT_BYTES, PARAMETER) };
};
