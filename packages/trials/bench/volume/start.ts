import { removeDataDirectory, startKeyfob } from '../../support/keyfob-process.ts';
import { makeScratchDirectory } from './directory.ts';
import type { Volume } from './directory.ts';
import { median } from './figure.ts';
import type { Figure } from './figure.ts';

const START_MOST_SECONDS = 2;

/** How long a server takes from its spawning to the line that says it listens, with the grants and without any. */
export const measureStart = async ({ directory }: Volume, starts: number): Promise<readonly Figure[]> => {
  const empty = makeScratchDirectory();
  try {
    // The first start makes store and key.
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
        atMost: START_MOST_SECONDS,
      },
      { name: 'start with an empty store', value: median(withoutGrants), unit: 's' },
    ];
  } finally {
    removeDataDirectory(empty);
  }
};

const secondsToStart = async (dataDirectory: string): Promise<number> => {
  const began = performance.now();
  const server = await startKeyfob({ dataDirectory });
  const seconds = (performance.now() - began) / 1000;
  await server.stop();
  return seconds;
};
