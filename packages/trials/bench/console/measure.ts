import { createLoginLink } from '@keyfob/server';
import type { Deployment } from '@keyfob/server';
import { CONSOLE_PAGES } from '../../support/console-pages.ts';
import type { ConsoleIds } from '../../support/console-pages.ts';
import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { readProcess } from '../measure.ts';
import { medianOf, percentileOf } from '../statistics.ts';

/** What a page of the console costs. */
export type PageCost = {
  readonly name: string;
  /** From the request to the last byte of the answer, over HTTP on this machine. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** User and system time of the server's process for one page. */
  readonly cpuMs: number;
  readonly kilobytes: number;
};

/** Signs in as an administrator: the cookie of the session. */
export const signIn = async (
  deployment: Parameters<typeof createLoginLink>[0] & Pick<Deployment, 'store'>,
  adminUrl: string,
): Promise<string> => {
  const operator = { kind: 'link', id: 'bench', name: 'bench', role: 'admin' } as const;
  const link = await createLoginLink(deployment, operator);
  const response = await fetch(`${adminUrl}/console/login`, {
    method: 'POST',
    headers: { Origin: adminUrl },
    body: new URLSearchParams({ link }),
    redirect: 'manual',
  });
  return (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
};

/** Reads every page again and again, one request at a time. The first reads warm up and are not counted. */
export const measurePages = async (
  { child, listening }: Pick<KeyfobServer, 'child' | 'listening'>,
  { ids, cookie, reads }: { readonly ids: ConsoleIds; readonly cookie: string; readonly reads: number },
  onProgress: (done: number, total: number) => void,
): Promise<readonly PageCost[]> => {
  const adminUrl = String(listening['adminUrl']);
  const costs: PageCost[] = [];
  for (const [index, { name, path }] of CONSOLE_PAGES.entries()) {
    const url = `${adminUrl}${path(ids)}`;
    const read = async (): Promise<{ readonly ms: number; readonly bytes: number }> => {
      const startedAtMs = performance.now();
      const response = await fetch(url, { headers: { Cookie: cookie } });
      const bytes = (await response.arrayBuffer()).byteLength;
      if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
      return { ms: performance.now() - startedAtMs, bytes };
    };
    for (let count = 0; count < Math.max(5, reads / 4); count++) await read();
    const before = cpuMicrosOf(child.pid);
    const timesMs: number[] = [];
    let bytes = 0;
    for (let count = 0; count < reads; count++) {
      const one = await read();
      timesMs.push(one.ms);
      bytes = one.bytes;
    }
    costs.push({
      name,
      medianMs: medianOf(timesMs),
      p99Ms: percentileOf(Float64Array.from(timesMs).sort(), 0.99),
      cpuMs: (cpuMicrosOf(child.pid) - before) / 1000 / reads,
      kilobytes: bytes / 1000,
    });
    onProgress(index + 1, CONSOLE_PAGES.length);
  }
  return costs;
};

const cpuMicrosOf = (pid: number | undefined): number => {
  const reading = pid === undefined ? undefined : readProcess(pid);
  if (reading === undefined) throw new Error('the server has no process, or this system has no /proc');
  return reading.cpuMicros;
};
