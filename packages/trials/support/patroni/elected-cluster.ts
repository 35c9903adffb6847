import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastDirectory } from '../fast-directory.ts';
import { idsOfServer } from '../postgres/cluster.ts';
import { startEtcd } from './etcd.ts';
import { createMember } from './member.ts';
import type { Member } from './member.ts';
import { findPrograms } from './programs.ts';

/** `strict`: no commit without a standby. `synchronous`: none while there is a standby. */
export type ElectionMode = 'strict' | 'synchronous' | 'asynchronous';

/** Two PostgreSQL servers, of which Patroni elects one as the primary. */
export type ElectedCluster = {
  readonly members: readonly [Member, Member];
  /** The address of both. */
  readonly url: string;
  /** The member that holds the lock of the primary. */
  readLeader(): Promise<Member | undefined>;
  otherOf(member: Member): Member;
  /** Resolves when this member holds the lock. */
  untilLeads(member: Member): Promise<void>;
  /** Resolves to the leader when the other member follows it, synchronously where the mode asks for it. */
  untilComplete(): Promise<Member>;
  /** Ends the lease of a member that is dead, so that nobody waits for it. */
  endLease(): Promise<void>;
  remove(): Promise<void>;
};

/** The shortest that Patroni allows. */
export const TTL_SECONDS = 20;

const LEADER_KEY = '/service/keyfob/leader';
const POLL_MS = 200;
const TIMEOUT_MS = 180_000;

export const startElectedCluster = async (
  mode: ElectionMode,
): Promise<ElectedCluster | { readonly reason: string }> => {
  const programs = findPrograms();
  if ('reason' in programs) return programs;
  const directory = mkdtempSync(join(fastDirectory(), 'keyfob-patroni-'));
  chmodSync(directory, 0o700);
  const ids = idsOfServer();
  if (ids !== undefined) chownSync(directory, ids.uid, ids.gid);
  const etcd = await startEtcd(programs.etcd, directory);
  const shared = {
    ttl: TTL_SECONDS,
    loop_wait: 1,
    retry_timeout: 5,
    synchronous_mode: mode !== 'asynchronous',
    synchronous_mode_strict: mode === 'strict',
    postgresql: { use_pg_rewind: true, parameters: { max_connections: 60, wal_keep_size: '256MB' } },
  };
  const make = (name: string) => createMember({ name, directory, programs, etcd, shared });
  const members = [await make('one'), await make('two')] as const;

  const readLeader = async (): Promise<Member | undefined> => {
    const name = await etcd.read(LEADER_KEY);
    return members.find((member) => member.name === name);
  };
  const standbyRoles = mode === 'asynchronous' ? ['replica'] : ['sync_standby', 'quorum_standby'];
  const findComplete = async (): Promise<Member | undefined> => {
    const leader = await readLeader();
    const view = await leader?.readCluster();
    const roles = view?.members.filter(({ state }) => ['running', 'streaming'].includes(state)) ?? [];
    const isComplete =
      roles.length === 2 &&
      roles.some(({ name, role }) => name === leader?.name && role === 'leader') &&
      roles.some(({ role, state }) => standbyRoles.includes(role) && state === 'streaming');
    return isComplete ? leader : undefined;
  };

  const readLogs = (): string =>
    members
      .map(({ name, readLog }) => `${name}:\n${readLog().split('\n').slice(-LOG_LINES).join('\n')}`)
      .join('\n');

  const cluster: ElectedCluster = {
    members,
    url: `postgres://keyfob@${members.map(({ front }) => `127.0.0.1:${front.port}`).join(',')}/postgres?target_session_attrs=read-write`,
    readLeader,
    otherOf: (member) => (member === members[0] ? members[1] : members[0]),
    untilLeads: async (member) => {
      const find = async () => ((await readLeader()) === member ? member : undefined);
      await untilFound(`${member.name} does not lead`, find, readLogs);
    },
    untilComplete: () => untilFound('the cluster is not complete', findComplete, readLogs),
    endLease: () => etcd.remove(LEADER_KEY),
    async remove() {
      for (const member of members) await member.remove();
      await etcd.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  for (const member of members) member.start();
  try {
    await cluster.untilComplete();
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  return cluster;
};

const LOG_LINES = 20;

const untilFound = async <Found>(
  what: string,
  find: () => Promise<Found | undefined>,
  readLogs: () => string,
): Promise<Found> => {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what} after ${TIMEOUT_MS / 1000} s\n${readLogs()}`);
    await sleep(POLL_MS);
  }
};
