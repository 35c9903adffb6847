import { existsSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { asIs } from '../../language.ts';
import type { Sentence } from '../../language.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';

const NODE_MAJOR_MIN = 24;
const SPACE_WARN_BYTES = 256 * 1024 * 1024;
const SPACE_FAIL_BYTES = 1024 * 1024;

/** Whether this version of Node is new enough. */
export const examineRuntime = (): Finding => {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return ok('node', asIs(process.version));
  return bad('node', 'fail', asIs(process.version), {
    en: `Use Node ${NODE_MAJOR_MIN} or newer.`,
    ko: `Node ${NODE_MAJOR_MIN} 이상을 사용하세요.`,
  });
};

/** Whether the disk of the data directory has room. */
export const examineSpace = ({ data }: Config): Finding => {
  const path = resolve(data);
  const { bavail, bsize } = statfsSync(existsSync(path) ? path : '.');
  const bytes = bavail * bsize;
  const mebibytes = Math.floor(bytes / 1024 / 1024);
  const finding: Sentence = { en: `${mebibytes} MiB free`, ko: `${mebibytes} MiB 남음` };
  if (bytes >= SPACE_WARN_BYTES) return ok('disk space', finding);
  return bad('disk space', bytes < SPACE_FAIL_BYTES ? 'fail' : 'warn', finding, {
    en: `Free space on the disk of ${path}.`,
    ko: `디스크 공간을 확보하세요: ${path}`,
  });
};
