import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPostgresStore } from '@keyfob/server/stores/postgres/store';
import { openCodeMaker } from '../code-maker.ts';
import {
  makeDataDirectory,
  removeDataDirectory,
  runKeyfob,
  startKeyfob,
  UNTHROTTLED,
} from '../keyfob-process.ts';
import { describeFixtures } from '../wire/fixture-suite.ts';
import { startCluster } from './cluster.ts';
import { openWireProxy } from './wire-proxy.ts';

const cluster = await startCluster();
if ('reason' in cluster) test('the fixtures on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  let count = 0;
  describeFixtures(', on PostgreSQL', async () => {
    const database = `fixtures_${++count}`;
    await cluster.createDatabase(database);
    const proxy = await openWireProxy(cluster.port);
    const dataDirectory = makeDataDirectory();
    const keyFile = join(dataDirectory, 'keyfob.key');
    writeFileSync(keyFile, (await runKeyfob(['keys', 'create'])).stdout, { mode: 0o600 });
    const environment = {
      ...UNTHROTTLED,
      KEYFOB_STORE: cluster.url(database, proxy.port),
      KEYFOB_KEY_FILE: keyFile,
    };
    const server = await startKeyfob({ dataDirectory, environment });
    const codes = openCodeMaker(dataDirectory, await openPostgresStore(cluster.url(database)));
    return {
      server,
      codes,
      async withoutStore(work) {
        proxy.refuse(true);
        try {
          await work();
        } finally {
          proxy.refuse(false);
        }
      },
      async close() {
        await codes.close();
        await server.kill();
        await proxy.close();
        removeDataDirectory(dataDirectory);
      },
    };
  });
}
