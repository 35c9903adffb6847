import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { readProcess } from '../measure.ts';

const read = ({ child }: KeyfobServer) => {
  const reading = child.pid === undefined ? undefined : readProcess(child.pid);
  if (reading === undefined) throw new Error('the server has no process, or this system no /proc');
  return reading;
};

/** Processor time a server has used so far, user and system, all of its threads. */
export const cpuSeconds = (server: KeyfobServer): number => read(server).cpuMicros / 1e6;

/** Memory of a server that is resident now, and the most that ever was. MB of 10^6 bytes. */
export const memoryMb = (server: KeyfobServer): { readonly resident: number; readonly peak: number } => {
  const { residentBytes, residentMaxBytes } = read(server);
  return { resident: residentBytes / 1e6, peak: residentMaxBytes / 1e6 };
};
