import { existsSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';

const NODE_MAJOR_MIN = 24;
const SPACE_WARN_BYTES = 256 * 1024 * 1024;
const SPACE_FAIL_BYTES = 1024 * 1024;

/** Whether this version of Node is new enough. */
export const examineRuntime = (): Finding => {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return ok('node', process.version);
  return bad('node', 'fail', process.version, `Use Node ${NODE_MAJOR_MIN} or newer.`);
};

/** Whether the disk of the data directory has room. */
export const examineSpace = ({ data }: Config): Finding => {
  const path = resolve(data);
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : '.');
  const bytes = bavail * bsize;
  const finding = `${Math.floor(bytes / 1024 / 1024)} MiB free`;
  if (bytes >= SPACE_WARN_BYTES) return ok('disk space', finding);
  return bad(
    'disk space',
    bytes < SPACE_FAIL_BYTES ? 'fail' : 'warn',
    finding,
    `Free space on the disk of ${path}.`,
  );
};
