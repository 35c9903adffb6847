import { rmSync } from 'node:fs';
import { openDeployment, parseConfig } from '@keyfob/server';
import { createKeyLines } from '@keyfob/server/tokens';
import { makeClient, makeGrant } from '../support/make-client.ts';
import { startGenerator } from './generator-process.ts';
import { oauthWire, UUID_PATTERN } from './wire.ts';
import { makeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import { startCluster } from '../support/postgres/cluster.ts';

// Measures the space and the log that a grant and a refresh need in PostgreSQL, for the formulas in docs/operations.md.
// Arguments: the number of grants, and the seconds of load.
const [grants = 100_000, seconds = 10] = process.argv.slice(2).map(Number);
const CONNECTIONS = 64;
const GRANTS_PER_BATCH = 500;

const cluster = await startCluster();
if ('reason' in cluster) throw new Error(cluster.reason);
const dataDirectory = makeDataDirectory();
try {
  const key = createKeyLines(1, Math.floor(Date.now() / 1000));
  const store = cluster.url();
  const config = parseConfig({ flags: { store, key, data: dataDirectory }, environment: {}, file: {} });
  const deployment = await openDeployment(config, { createIfMissing: true });
  const { client, clientSecret } = await makeClient(deployment, { dialect: 'smartcar', name: 'a' });
  const scope = 'read_vehicle_info read_odometer read_charge';
  const refreshTokens: string[] = [];
  for (let count = 0; count < grants; count += GRANTS_PER_BATCH) {
    const batch = Array.from({ length: GRANTS_PER_BATCH }, (_, index) =>
      makeGrant(deployment, {
        clientId: client.id,
        subject: `owner-${count + index}`,
        scope,
        brand: undefined,
      }),
    );
    for (const { tokens } of await Promise.all(batch)) refreshTokens.push(tokens.refreshToken);
  }
  await deployment.close();
  const bytesPerGrant = async (): Promise<number> => {
    const sql = "SELECT pg_total_relation_size('grants')::bigint AS bytes";
    const [row] = await cluster.ask<{ bytes: string }>(sql);
    return Math.round(Number(row?.bytes) / grants);
  };
  const bytesBeforeLoad = await bytesPerGrant();

  const environment = { KEYFOB_STORE: store, KEYFOB_KEY: key };
  const server = await startKeyfob({ dataDirectory, environment });
  const port = Number(new URL(server.url).port);
  const wire = oauthWire({
    path: '/oauth/token',
    port,
    clientId: client.id,
    clientSecret,
    tokenPattern: UUID_PATTERN,
  });
  const pid = server.child.pid ?? 0;
  const generator = await startGenerator();
  const walPosition = async (): Promise<number> => {
    const sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS bytes";
    return Number((await cluster.ask<{ bytes: string }>(sql))[0]?.bytes);
  };
  // Within a job each connection refreshes one grant. Every job uses other grants.
  const jobs = 5;
  let requests = 0;
  const perSecond: number[] = [];
  const before = await walPosition();
  for (let index = 0; index < jobs; index++) {
    const tokens = refreshTokens.slice(index * CONNECTIONS, (index + 1) * CONNECTIONS);
    const measureMs = (seconds * 1000) / jobs;
    const load = {
      port,
      wire,
      pids: [pid],
      refreshTokens: tokens,
      warmupMs: 0,
      measureMs,
      walIndexPath: undefined,
    };
    const { figures } = await generator.measure(load);
    requests += figures.requests;
    perSecond.push(Math.round(figures.requestsPerSecond));
  }
  const walBytes = (await walPosition()) - before;
  await generator.close();
  await server.stop();
  process.stdout.write(
    `${JSON.stringify({
      grants,
      bytesPerGrant: bytesBeforeLoad,
      bytesPerGrantAfterLoad: await bytesPerGrant(),
      connections: CONNECTIONS,
      refreshesPerSecond: perSecond.sort((left, right) => left - right),
      walBytesPerRefresh: Math.round(walBytes / requests),
    })}\n`,
  );
} finally {
  await cluster.remove();
  rmSync(dataDirectory, { recursive: true, force: true });
}
