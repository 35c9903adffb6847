import { readFileSync, readlinkSync } from 'node:fs';
import type { Lease } from '../grants/grant.ts';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

const link = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

/**
 * The state of a process of this machine, and when it was started, in ticks since the boot. Empty where that cannot be read.
 *
 * @see proc_pid_stat(5)
 */
const statusOf = (pid: number): { readonly state: string; readonly start: string } => {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return { state: fields[0] ?? '', start: fields[19] ?? '' };
};

/** Where process numbers mean the same: this boot of this machine, and this container. Empty where that is unknown. */
const placeOf = (): string => {
  const boot = read('/proc/sys/kernel/random/boot_id');
  const space = link('/proc/self/ns/pid');
  return boot === '' || space === '' ? '' : `${boot}/${space}`;
};

/** A name for a process that another one on this machine can check. `random` makes it unique. */
export const ownerName = (random: string, pid: number = process.pid): string =>
  [random, pid, statusOf(pid).start, placeOf()].join('|');

/** What this machine knows of the holder of a lease; `undefined` where it is of another machine or container. */
const holderOf = ({ owner }: Pick<Lease, 'owner'>): { isGone: boolean; isStopped: boolean } | undefined => {
  const [, pid = '', started, place] = owner.split('|');
  if (place === undefined || place === '' || place !== placeOf()) return undefined;
  const { state, start } = statusOf(Number(pid));
  const isGone = start !== started;
  return { isGone, isStopped: !isGone && (state === 'T' || state === 't') };
};

/** Whether the holder of a lease has certainly ended. `false` for what this machine cannot know. */
export const isOwnerGone = (lease: Pick<Lease, 'owner'>): boolean => holderOf(lease)?.isGone === true;

/** Whether the holder of a lease is a stopped process of this machine: it may go on, with an answer in its hands. */
export const isOwnerStopped = (lease: Pick<Lease, 'owner'>): boolean => holderOf(lease)?.isStopped === true;
