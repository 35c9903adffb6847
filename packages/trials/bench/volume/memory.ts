import { startKeyfob } from '../../support/keyfob-process.ts';
import type { Volume } from './directory.ts';
import { faultFigure, showNumber } from './figure.ts';
import type { Figure } from './figure.ts';
import { refreshMany } from './load.ts';
import type { LoadOptions } from './load.ts';
import { memoryMb } from './process.ts';

const MEMORY_MAX_MB = 220;

/** Measures a server's memory after refreshes of many different grants. */
export const measureMemory = async (volume: Volume, load: LoadOptions): Promise<readonly Figure[]> => {
  const server = await startKeyfob({ dataDirectory: volume.directory });
  try {
    const afterStart = memoryMb(server);
    const result = await refreshMany(volume, server.url, load);
    const { resident, peak } = memoryMb(server);
    return [
      faultFigure('memory', [result]),
      { name: 'resident memory after the start', value: afterStart.resident, unit: 'MB' },
      {
        name: `resident memory after ${showNumber(load.refreshes)} refreshes`,
        value: resident,
        unit: 'MB',
        atMost: MEMORY_MAX_MB,
      },
      { name: 'peak resident memory', value: peak, unit: 'MB', atMost: MEMORY_MAX_MB },
    ];
  } finally {
    await server.stop();
  }
};
