import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openKeeper, sqliteStore } from '@keyfob/keeper';
import type { Keeper, Step } from '@keyfob/keeper';
import { FAST, KEYS, clientOfData } from '../kept-world.ts';
import type { ForeignFault } from '../foreign-server.ts';
import { isForgiving, openCounterpart } from './counterpart.ts';
import type { Counterpart, ServerKind } from './counterpart.ts';
import type { Orders } from './keeper-process.ts';

/** One cell of the crash matrix. */
export type CrashCase = {
  readonly kind: ServerKind;
  /** Where the first process ends, or stops. */
  readonly at: Step;
  /** `restart`: the next process starts after the death. `standby`: it runs already. */
  readonly second: 'restart' | 'standby';
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** What happens to the first request on the wire. */
  readonly fault: ForeignFault;
};

/** What a case showed. `faults` is empty where the keeper kept its promises. */
export type CrashReport = {
  readonly outcome: 'kept' | 'lost';
  readonly isAvoidable: boolean;
  readonly requests: number;
  readonly faults: readonly string[];
};

const PROCESS = fileURLToPath(new URL('keeper-process.ts', import.meta.url));

/** Runs one case against a real server. */
export const runCrashCase = async (wanted: CrashCase): Promise<CrashReport> => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-crash-'));
  const server = await openCounterpart(wanted.kind);
  const file = join(directory, 'keeper.db');
  const open = (isScheduling: boolean): Promise<Keeper> =>
    openKeeper({
      store: sqliteStore(file),
      keys: KEYS,
      clients: { cars: clientOfData(server.client) },
      timing: FAST,
      isScheduling,
    });
  let second: Keeper | undefined;
  try {
    second = await open(wanted.second === 'standby');
    await second.put('car', 'cars', { refreshToken: await server.newGrant() }, { params: server.params });
    if (wanted.second === 'restart') await second.close();
    server.arm(wanted.fault);
    const first = await runFirst({ file, client: server.client, at: wanted.at, signal: wanted.signal });
    if (wanted.second === 'restart') second = await open(true);
    const report = await judge(wanted, server, second);
    first.resume();
    await first.ended;
    return report;
  } finally {
    await second?.close({ waitMs: 1000 });
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Runs a process to its end. Returns its exit code and what it printed. */
export const runWhole = async (
  orders: Orders,
): Promise<{ readonly code: number | null; readonly printed: string }> => {
  const child = spawn(process.execPath, ['--conditions=keyfob-source', PROCESS, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed };
};

/** Starts the process that will end, and waits until it has, or has stopped. */
export const runFirst = async (
  orders: Orders,
): Promise<{ resume(): void; readonly ended: Promise<unknown> }> => {
  const child = spawn(process.execPath, ['--conditions=keyfob-source', PROCESS, JSON.stringify(orders)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  if (orders.signal === 'SIGKILL') {
    await ended;
    return { resume: () => undefined, ended };
  }
  await untilStopped(child.pid ?? 0);
  return { resume: () => void child.kill('SIGCONT'), ended };
};

/** Linux shows a stopped process as `T`. A process that is gone throws. */
const untilStopped = async (pid: number): Promise<void> => {
  while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
    await new Promise((resolve) => void setTimeout(resolve, 20));
};

const judge = async (wanted: CrashCase, server: Counterpart, keeper: Keeper): Promise<CrashReport> => {
  const faults: string[] = [];
  const events: string[] = [];
  keeper.on('*', ({ event }) => void events.push(event.kind));
  const result = await keeper.tryToken('car', { waitMs: 60_000 });
  const isKept = result.status === 'ok';
  if (result.status === 'unavailable') faults.push(`still unavailable: ${result.reason}`);
  if (result.status === 'needs_consent' && result.cause !== 'lost_response')
    faults.push(`cause ${result.cause}`);
  if (isKept) {
    // Only a pair that lives can be refreshed again.
    const again = await keeper.tryToken('car', { rejected: result.accessToken, waitMs: 60_000 });
    if (again.status !== 'ok') faults.push(`the stored pair is dead: ${again.status}`);
  }
  await keeper.turn();
  const deaths = events.filter((kind) => kind === 'needs_consent').length;
  if (deaths !== (isKept ? 0 : 1)) faults.push(`${deaths} times needs_consent`);
  const requests = server.requests();
  const isAvoidable = isForgiving(wanted.kind) || !mayHaveUsed(wanted) || requests[0]?.isUsed !== true;
  if (!isKept && isAvoidable) faults.push('an avoidable loss');
  if (!isForgiving(wanted.kind)) faults.push(...overlaps(requests));
  return { outcome: isKept ? 'kept' : 'lost', isAvoidable, requests: requests.length, faults };
};

/** The steps after which a used token may have no stored answer. */
const UNSTORED: ReadonlySet<Step> = new Set(['answered', 'before_settle', 'connected']);

const mayHaveUsed = ({ at, fault }: CrashCase): boolean =>
  UNSTORED.has(at) || fault === 'reset_after' || fault === 'hang_after' || fault === 'half_after';

/** Without an overlap, no token is sent while the send before it may still be answered. */
const overlaps = (requests: ReturnType<Counterpart['requests']>): readonly string[] =>
  requests.flatMap((request, index) => {
    const before = requests[index - 1];
    if (before === undefined || (before.endedMs ?? Infinity) <= request.arrivedMs) return [];
    return [`request ${index + 1} was sent while request ${index} was open`];
  });
