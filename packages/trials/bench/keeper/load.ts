import { openConnection } from '../volume/connection.ts';
import { quantile } from '../volume/figure.ts';
import type { Figure } from '../volume/figure.ts';

const CONNECTIONS = 32;
const REQUESTS_PER_SECOND = 5000;
const WARM_UP_SECONDS = 1;

/** Asks a service for access tokens, as fast as it answers. */
export const measureService = async (
  { url, key, names }: { readonly url: string; readonly key: string; readonly names: readonly string[] },
  { seconds, cpuMicros }: { readonly seconds: number; readonly cpuMicros: () => number },
): Promise<readonly Figure[]> => {
  const requests = names.map(
    (name) =>
      `GET /v1/tokens/${encodeURIComponent(name)} HTTP/1.1\r\nhost: keeper\r\nauthorization: Bearer ${key}\r\n\r\n`,
  );
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(url)));
  const latenciesMs: number[] = [];
  let wrong = 0;
  const askFor = async (lengthSeconds: number): Promise<number> => {
    latenciesMs.length = 0;
    wrong = 0;
    const startedMs = performance.now();
    const endMs = startedMs + lengthSeconds * 1000;
    await Promise.all(
      connections.map(async (connection, index) => {
        for (let sent = index; performance.now() < endMs; sent += CONNECTIONS) {
          const sentMs = performance.now();
          const answer = await connection.send(requests[sent % requests.length] ?? '');
          latenciesMs.push(performance.now() - sentMs);
          if (answer.status !== 200 || !answer.body.includes('access-')) wrong += 1;
        }
      }),
    );
    return (performance.now() - startedMs) / 1000;
  };
  await askFor(WARM_UP_SECONDS);
  const before = cpuMicros();
  const tookSeconds = await askFor(seconds);
  const usedMicros = cpuMicros() - before;
  for (const connection of connections) connection.close();
  const sorted = latenciesMs.toSorted((one, other) => one - other);
  return [
    { name: 'HTTP: wrong answers', value: wrong, unit: '', atMost: 0 },
    {
      name: `HTTP: tokens at ${CONNECTIONS} connections, one core`,
      value: latenciesMs.length / tookSeconds,
      unit: '/s',
      atLeast: REQUESTS_PER_SECOND,
    },
    { name: 'HTTP: CPU of the service per token', value: usedMicros / latenciesMs.length, unit: 'µs' },
    { name: 'HTTP: p99', value: quantile(sorted, 0.99), unit: 'ms' },
  ];
};
