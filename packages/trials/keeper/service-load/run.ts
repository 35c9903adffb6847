import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Served, Spent } from './served-keeper.ts';

const CONNECTIONS = 32;
const WARM_UP = 20_000;
const REQUESTS = 60_000;
const CARS = 10_000;

/** Sends requests over one connection, the next one when the answer is there. Resolves when no request is left. */
const runConnection = (served: Served, take: () => number | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(served.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    const next = (): void => {
      const index = take();
      if (index === undefined) return void socket.end(resolve);
      socket.write(
        `GET /v1/tokens/vin%3A${index % CARS} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${served.key}\r\n\r\n`,
      );
    };
    socket.setEncoding('latin1').setNoDelay();
    socket.on('connect', next).on('error', reject);
    socket.on('data', (chunk: string) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/content-length: (?<length>\d+)/i.exec(text)?.groups?.['length'] ?? Number.NaN);
      if (!(text.length >= head + 4 + length)) return;
      if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text.slice(0, 200)));
      text = '';
      next();
    });
  });

const runLoad = async (served: Served, count: number): Promise<number> => {
  let left = count;
  const take = (): number | undefined => (left > 0 ? left-- : undefined);
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => runConnection(served, take)));
  return (performance.now() - startedMs) / 1000;
};

/** Measures what one answer of `GET /v1/tokens/NAME` costs a service, by the CPU time of its process. */
const main = async (): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-load-'));
  const child = fork(fileURLToPath(new URL('served-keeper.ts', import.meta.url)), [
    join(directory, 'keeper.db'),
  ]);
  try {
    const [served] = (await once(child, 'message')) as [Served];
    const spent = async (): Promise<number> => {
      child.send('spent');
      const [{ cpu }] = (await once(child, 'message')) as [Spent];
      return cpu;
    };
    await runLoad(served, WARM_UP);
    const before = await spent();
    const seconds = await runLoad(served, REQUESTS);
    const perRequest = ((await spent()) - before) / REQUESTS;
    console.log(
      `CPU per request: ${perRequest.toFixed(0)} µs, so ${Math.floor(1e6 / perRequest)} requests/s on one core`,
    );
    console.log(`Reached with the load on the same machine: ${Math.floor(REQUESTS / seconds)} requests/s`);
  } finally {
    child.disconnect();
    await once(child, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
};

await main();
