import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf, findPort, idsOfServer, killIfRunning } from '../postgres/cluster.ts';
import { openWireProxy } from '../postgres/wire-proxy.ts';
import type { WireProxy } from '../postgres/wire-proxy.ts';
import type { Etcd } from './etcd.ts';
import type { Programs } from './programs.ts';

/** A PostgreSQL server with the Patroni that watches over it. */
export type Member = {
  readonly name: string;
  /** The way of the nodes of Keyfob to this server. */
  readonly front: WireProxy;
  /** Starts Patroni, which starts PostgreSQL. */
  start(): void;
  /** Sends SIGKILL to Patroni and to every process of PostgreSQL, as in a loss of power. */
  kill(): Promise<void>;
  /** Cuts its ways to etcd, and those of the other member to it. */
  cutOff(isCutOff: boolean): void;
  /** Patroni's own view of the cluster; `undefined` if it does not answer. */
  readCluster(): Promise<ClusterView | undefined>;
  /** What Patroni and PostgreSQL have logged. */
  readLog(): string;
  remove(): Promise<void>;
};

export type ClusterView = {
  readonly members: readonly { readonly name: string; readonly role: string; readonly state: string }[];
};

export type MemberOptions = {
  readonly name: string;
  readonly directory: string;
  readonly programs: Programs;
  readonly etcd: Etcd;
  /** The settings that all members share, in etcd. */
  readonly shared: object;
};

const VIEW_TIMEOUT_MS = 2000;

export const createMember = async ({
  name,
  directory,
  programs,
  etcd,
  shared,
}: MemberOptions): Promise<Member> => {
  const [port, restPort] = [await findPort(), await findPort()];
  const front = await openWireProxy(port);
  // What the members announce to each other, and the way to etcd: these are cut in a partition.
  const ways = await Promise.all([port, restPort, etcd.port].map((to) => openWireProxy(to)));
  const [postgresWay = 0, restWay = 0, etcdWay = 0] = ways.map((way) => way.port);
  const data = join(directory, name);
  const [file, logFile] = [join(directory, `${name}.yml`), join(directory, `${name}.log`)] as const;
  const account = { username: 'keyfob' };
  const configuration = {
    scope: 'keyfob',
    name,
    restapi: { listen: `127.0.0.1:${restPort}`, connect_address: `127.0.0.1:${restWay}` },
    etcd3: { hosts: [`127.0.0.1:${etcdWay}`], use_proxies: true },
    bootstrap: {
      dcs: shared,
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums'],
      pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${postgresWay}`,
      data_dir: data,
      bin_dir: programs.postgres,
      pgpass: join(directory, `${name}.pgpass`),
      authentication: { superuser: account, replication: account, rewind: account },
      parameters: {
        unix_socket_directories: directory,
        dynamic_shared_memory_type: 'mmap',
        shared_buffers: '32MB',
      },
    },
    watchdog: { mode: 'off' },
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration));
  let patroni: ChildProcess | undefined;

  const kill = async (): Promise<void> => {
    if (patroni !== undefined && patroni.exitCode === null && patroni.signalCode === null) {
      const exited = once(patroni, 'exit');
      patroni.kill('SIGKILL');
      await exited;
    }
    killPostgres(data);
  };

  return {
    name,
    front,
    readLog: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    start() {
      const log = openSync(logFile, 'a');
      const options = {
        ...idsOfServer(),
        cwd: directory,
        env: { PATH: process.env['PATH'], HOME: directory },
      };
      patroni = spawn(programs.patroni, [file], { ...options, stdio: ['ignore', log, log] });
      closeSync(log);
    },
    kill,
    cutOff: (isCutOff) => ways.forEach((way) => way.refuse(isCutOff)),
    async readCluster() {
      try {
        const signal = AbortSignal.timeout(VIEW_TIMEOUT_MS);
        return (await (
          await fetch(`http://127.0.0.1:${restPort}/cluster`, { signal })
        ).json()) as ClusterView;
      } catch {
        return undefined;
      }
    },
    async remove() {
      await kill();
      await Promise.all([front, ...ways].map((way) => way.close()));
    },
  };
};

/** Patroni starts PostgreSQL as a process of its own, so it is found by the file that it writes. */
const killPostgres = (data: string): void => {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const command = `/proc/${pid}/cmdline`;
  if (!existsSync(command) || !readFileSync(command, 'utf8').includes(data)) return;
  const children = childrenOf(pid);
  for (const one of [pid, ...children]) killIfRunning(one);
};
