import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { isMainThread, threadId } from 'node:worker_threads';
import { createMomentList, KINDS, nowMs } from './moments.ts';

// Loaded into `keyfob serve` by `node --import`, in each of its threads. Records what the main thread does and when, by public
// means of Node only, and writes it to the directory of its own URL: the main thread at its end, others at once.

const CAPACITY = 1_500_000;
const directory = new URL(import.meta.url).searchParams.get('directory') ?? '.';
const moments = createMomentList(isMainThread ? CAPACITY : 1);

type Collection = PerformanceEntry & { readonly detail: { readonly kind: number } };

/** How long this thread has waited for a core since its start, although it had work. 0 where the system does not say. */
const createCoreWait = (): (() => number) => {
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const bytes = Buffer.alloc(64);
    return () => {
      const length = readSync(file, bytes, 0, bytes.length, 0);
      return Number(bytes.toString('latin1', 0, length).split(' ')[1] ?? 0) / 1e6;
    };
  } catch {
    return () => 0;
  }
};

const coreWaitMs = createCoreWait();

/** Runs a statement and records when. The statement of a checkpoint runs in another thread. */
const record = <Result>(sql: string, run: () => Result): Result => {
  const startMs = nowMs();
  const result = run();
  if (!isMainThread) {
    const one = createMomentList(1);
    one.add(KINDS.checkpoint, startMs, nowMs(), 0);
    appendFileSync(join(directory, `thread-${threadId}.moments`), one.bytes());
    return result;
  }
  const kind = sql.startsWith('BEGIN') ? KINDS.begin : KINDS.commit;
  moments.add(kind, startMs, nowMs(), coreWaitMs());
  return result;
};

const OBSERVED = isMainThread ? /^(?:BEGIN|COMMIT)/ : /^PRAGMA wal_checkpoint/;

const { prepare, exec } = DatabaseSync.prototype;
DatabaseSync.prototype.prepare = function prepareObserved(this: DatabaseSync, sql, ...rest): StatementSync {
  const statement = prepare.call(this, sql, ...rest);
  if (!OBSERVED.test(sql)) return statement;
  // None of these statements has parameters.
  const { run, get } = statement;
  statement.run = () => record(sql, () => Reflect.apply(run, statement, []) as ReturnType<typeof run>);
  statement.get = () => record(sql, () => Reflect.apply(get, statement, []) as ReturnType<typeof get>);
  return statement;
};
DatabaseSync.prototype.exec = function execObserved(this: DatabaseSync, sql): void {
  if (OBSERVED.test(sql)) record(sql, () => exec.call(this, sql));
  else exec.call(this, sql);
};

if (isMainThread) {
  const add = (kind: 0 | 1) => (message: unknown) => {
    const atMs = nowMs();
    const { request } = message as { readonly request: IncomingMessage };
    moments.add(kind, atMs, atMs, request.socket.remotePort ?? 0);
  };
  subscribe('http.server.request.start', add(KINDS.read));
  subscribe('http.server.response.finish', add(KINDS.answered));
  const offsetMs = nowMs() - performance.now();
  new PerformanceObserver((list) => {
    for (const { startTime, duration, detail } of list.getEntries() as unknown as readonly Collection[]) {
      moments.add(KINDS.collection, startTime + offsetMs, startTime + duration + offsetMs, detail.kind);
    }
  }).observe({ entryTypes: ['gc'] });
  process.on('exit', () => writeFileSync(join(directory, 'main.moments'), moments.bytes()));
}
