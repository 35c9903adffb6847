import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeDataDirectory, removeDataDirectory, runKeyfob } from '../../support/keyfob-process.ts';
import { describeImport } from './suite.ts';
import { startCluster } from '../../support/postgres/cluster.ts';

const cluster = await startCluster();
if ('reason' in cluster) test('keyfob import on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  const directory = makeDataDirectory();
  after(async () => {
    await cluster.remove();
    removeDataDirectory(directory);
  });
  const prepare = async () => {
    const keyFile = join(directory, 'shared.key');
    writeFileSync(keyFile, (await runKeyfob(['keys', 'create'])).stdout, { mode: 0o600 });
    return { KEYFOB_STORE: cluster.url(), KEYFOB_KEY_FILE: keyFile };
  };
  describeImport('PostgreSQL', prepare, directory);
}
