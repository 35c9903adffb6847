import { startKeyfob } from '../../support/keyfob-process.ts';
import type { Volume } from './directory.ts';
import { faultFigure, showNumber } from './figure.ts';
import type { Figure } from './figure.ts';
import { refreshMany } from './load.ts';
import type { LoadOptions } from './load.ts';
import { memoryMb } from './process.ts';

const MEMORY_MOST_MB = 200;

/** What a server holds in memory after refreshes of as many grants. */
export const measureMemory = async (volume: Volume, load: LoadOptions): Promise<readonly Figure[]> => {
  const server = await startKeyfob({ dataDirectory: volume.directory });
  try {
    const atRest = memoryMb(server);
    const done = await refreshMany(volume, server.url, load);
    const { resident, peak } = memoryMb(server);
    return [
      faultFigure('memory', [done]),
      { name: 'resident memory after the start', value: atRest.resident, unit: 'MB' },
      {
        name: `resident memory after ${showNumber(load.refreshes)} refreshes`,
        value: resident,
        unit: 'MB',
        atMost: MEMORY_MOST_MB,
      },
      { name: 'most resident memory meanwhile', value: peak, unit: 'MB', atMost: MEMORY_MOST_MB },
    ];
  } finally {
    await server.stop();
  }
};
