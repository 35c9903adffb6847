import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openPostgresStore } from 'keyfob/stores/postgres/store';
import { CREATED_AT, fill, NOW_MS, refreshed, sampleGrant, sampleUse } from '../contract/samples.ts';
import { findPort, NOBODY, startCluster } from './cluster.ts';

const found = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin'].map((folder) =>
  join(folder, 'pgbouncer'),
);
const pgbouncer = found.find((path) => existsSync(path));
const name =
  'Through PgBouncer in transaction mode, with fewer connections than nodes want, everything works.';

if (pgbouncer === undefined) test(name, { skip: 'pgbouncer is not installed' }, () => {});
else {
  const cluster = await startCluster();
  if ('reason' in cluster) test(name, { skip: cluster.reason }, () => {});
  else {
    after(() => cluster.remove());
    test(name, async () => {
      const pooler = await startPooler(pgbouncer, cluster.port);
      try {
        const url = cluster.url('postgres', pooler.port);
        const nodes = await Promise.all([1, 2, 3].map(() => openPostgresStore(url)));
        const [one, other] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
        await fill(one);
        const ids = Array.from({ length: 300 }, (_, index) => BigInt(index + 1000));
        await Promise.all(ids.map((id) => one.createGrant(sampleGrant({ id }))));
        for (let generation = 0; generation < 5; generation++) {
          const use = { nowMs: NOW_MS + generation };
          const results = await Promise.all(
            ids.map((grantId, index) =>
              refreshed(nodes[index % 3] ?? one, sampleUse(generation, { ...use, presented: { grantId } })),
            ),
          );
          for (const { verdict } of results) assert.equal(verdict.kind, 'rotate');
        }
        const ended = ids.slice(0, 50).map((id) => other.revoke(id, { at: CREATED_AT, cause: 'operator' }));
        assert.deepEqual(new Set(await Promise.all(ended)), new Set(['revoked']));
        assert.equal((await one.listFacts({ after: 0, limit: 100 })).length, 50);
        await Promise.all(nodes.map((node) => node.close()));
      } finally {
        await pooler.stop();
      }
    });
  }
}

async function startPooler(program: string, databasePort: number) {
  const directory = mkdtempSync(join(tmpdir(), 'keyfob-pgbouncer-'));
  chmodSync(directory, 0o755);
  const port = await findPort();
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
postgres = host=127.0.0.1 port=${databasePort} dbname=postgres user=keyfob
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
`,
  );
  const ids = process.getuid?.() === 0 ? NOBODY : {};
  const child: ChildProcess = spawn(program, [file], { ...ids, stdio: 'ignore' });
  while (!(await isListening(port))) assert.equal(child.exitCode, null, 'pgbouncer ended');
  return {
    port,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
