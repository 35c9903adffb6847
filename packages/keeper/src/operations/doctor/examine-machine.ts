import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDatabaseUrl } from '../../config/settings.ts';
import type { Settings } from '../../config/settings.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

const NODE_MAJOR_MIN = 24;
const ROOM_WARN_BYTES = 256 * 1024 * 1024;
/** A spool takes half a MiB per process, and the log of the store some more. */
const ROOM_FAIL_BYTES = 8 * 1024 * 1024;
const OTHERS = 0o077;

/** Checks Node, the modes of the files, and the room on the disk of store and spool. */
export const examineMachine = (settings: Settings): readonly Finding[] => [
  examineNode(process.version),
  ...examineSettings(settings),
  ...examineModes(settings),
  ...examineRoom(settings),
];

const examineNode = (version: string): Finding =>
  Number(version.slice(1).split('.')[0]) >= NODE_MAJOR_MIN
    ? ok('node', version)
    : bad('node', 'fail', version, `Use Node ${NODE_MAJOR_MIN} or newer.`);

const examineSettings = ({ path, clients }: Settings): readonly Finding[] => [
  ok('settings', path ?? 'of the environment only'),
  Object.keys(clients).length > 0
    ? ok('clients', Object.keys(clients).join(', '))
    : bad('clients', 'fail', 'none', 'Add one to "clients" in the settings.'),
];

/** Files that hold tokens, keys or secrets. */
const examineModes = ({ store, keyFile }: Settings): readonly Finding[] => {
  const files = [isDatabaseUrl(store) ? undefined : store, keyFile];
  return files
    .filter((path) => path !== undefined && existsSync(path) && (statSync(path).mode & OTHERS) !== 0)
    .map((path) => bad('file modes', 'warn', `${path} can be read by others`, `chmod 600 ${path}`));
};

/** Where the store and the spool are on this machine; `undefined` for a database without a directory. */
const examineRoom = ({ store, directory }: Settings): readonly Finding[] => {
  const place = isDatabaseUrl(store) ? directory : dirname(store);
  if (place === undefined)
    return [
      bad(
        'spool',
        'warn',
        'none: answers that the database refuses are lost with the process, and a copy of it is not noticed',
        'Set "directory" (KEEPER_DIRECTORY) to a directory that outlives the process.',
      ),
    ];
  if (!existsSync(place))
    return [bad('disk', 'warn', `${place} does not exist yet`, 'The first start makes it.')];
  const { bavail, bsize, type } = statfsSync(place);
  const bytes = bavail * bsize;
  const finding = `${Math.floor(bytes / 1024 / 1024)} MiB free at ${place}`;
  const verdict = bytes < ROOM_FAIL_BYTES ? 'fail' : bytes < ROOM_WARN_BYTES ? 'warn' : undefined;
  return [
    verdict === undefined
      ? ok('disk', finding)
      : bad(
          'disk',
          verdict,
          finding,
          'Free some space: no refresh is sent when its answer might find no room.',
        ),
    isOverlay(type)
      ? bad(
          'disk kind',
          'warn',
          `${place} is in a container's own layer, which ends with the container`,
          'Mount a volume there.',
        )
      : ok('disk kind', 'not a network disk'),
  ];
};

/** `OVERLAYFS_SUPER_MAGIC` of Linux. */
const isOverlay = (type: number): boolean => process.platform === 'linux' && type === 0x794c7630;
