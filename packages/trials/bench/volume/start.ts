import { removeDataDirectory, startKeyfob } from '../../support/keyfob-process.ts';
import { makeScratchDirectory } from './directory.ts';
import type { Volume } from './directory.ts';
import { median } from './figure.ts';
import type { Figure } from './figure.ts';

const START_MAX_SECONDS = 2;

/** Measures the time from the start of the process until the server listens, with many grants and without any. */
export const measureStart = async ({ directory }: Volume, starts: number): Promise<readonly Figure[]> => {
  const empty = makeScratchDirectory();
  try {
    // The first start creates the store and the key.
    await secondsToStart(empty);
    const withGrants: number[] = [];
    const withoutGrants: number[] = [];
    for (let start = 0; start < starts; start++) {
      withoutGrants.push(await secondsToStart(empty));
      withGrants.push(await secondsToStart(directory));
    }
    return [
      {
        name: `start, median of ${starts}`,
        value: median(withGrants),
        unit: 's',
        atMost: START_MAX_SECONDS,
      },
      { name: 'start with an empty store', value: median(withoutGrants), unit: 's' },
    ];
  } finally {
    removeDataDirectory(empty);
  }
};

const secondsToStart = async (dataDirectory: string): Promise<number> => {
  const startedAtMs = performance.now();
  const server = await startKeyfob({ dataDirectory });
  const seconds = (performance.now() - startedAtMs) / 1000;
  await server.stop();
  return seconds;
};
