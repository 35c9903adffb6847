import { statfsSync } from 'node:fs';
import { KeeperError } from '../../errors.ts';

/** Linux's numbers of file systems whose locks do not hold between machines. `man 2 statfs` */
const NETWORK_DISKS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x517b: 'SMB',
  0x01021997: '9P',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
};

/** Locks and syncs of SQLite need a local disk: elsewhere two keepers may both believe that they hold a lease. */
export const refuseNetworkDisk = (directory: string): void => {
  if (process.platform !== 'linux') return;
  const { type } = statfsSync(directory);
  const name = NETWORK_DISKS[type];
  if (name === undefined) return;
  throw new KeeperError(
    'store_on_network',
    `${directory} is on a network disk (${name})`,
    'Use a local disk, or PostgreSQL for several machines.',
  );
};
