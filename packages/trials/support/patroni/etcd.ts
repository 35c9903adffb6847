import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPort } from '../postgres/cluster.ts';

/** A running etcd of one member, which holds the lock of the primary. */
export type Etcd = {
  readonly port: number;
  /** The value of a key, or `undefined`. */
  read(key: string): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  stop(): Promise<void>;
};

const POLL_MS = 100;
const POLLS_MAX = 300;

export const startEtcd = async (program: string, directory: string): Promise<Etcd> => {
  const [port, peerPort] = [await findPort(), await findPort()];
  const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  const words = ['--data-dir', join(directory, 'etcd'), '--log-level', 'error'];
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peerUrl];
  const cluster = ['--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`];
  const child = spawn(program, [...words, ...urls, ...cluster], { stdio: 'ignore' });
  const call = async (path: string, key: string): Promise<readonly { readonly value: string }[]> => {
    const body = JSON.stringify({ key: Buffer.from(key).toString('base64') });
    const answer = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body });
    return ((await answer.json()) as { readonly kvs?: readonly { readonly value: string }[] }).kvs ?? [];
  };
  const etcd: Etcd = {
    port,
    async read(key) {
      const [found] = await call('range', key);
      return found === undefined ? undefined : Buffer.from(found.value, 'base64').toString();
    },
    remove: async (key) => void (await call('deleterange', key)),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
  for (let polls = 0; polls < POLLS_MAX; polls++) {
    try {
      await etcd.read('any');
      return etcd;
    } catch {
      if (child.exitCode !== null) break;
      await sleep(POLL_MS);
    }
  }
  await etcd.stop();
  throw new Error('etcd did not start');
};
