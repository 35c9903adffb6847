import type { KeyfobServer } from '../../support/keyfob-process.ts';
import { readProcess } from '../measure.ts';

const read = ({ child }: KeyfobServer) => {
  const reading = child.pid === undefined ? undefined : readProcess(child.pid);
  if (reading === undefined) throw new Error('the server has no process, or this system has no /proc');
  return reading;
};

/** The user and system CPU time of all threads of a server since its start. */
export const cpuSeconds = (server: KeyfobServer): number => read(server).cpuMicros / 1e6;

/** A server's current and peak resident memory, in MB of 10^6 bytes. */
export const memoryMb = (server: KeyfobServer): { readonly resident: number; readonly peak: number } => {
  const { residentBytes, residentMaxBytes } = read(server);
  return { resident: residentBytes / 1e6, peak: residentMaxBytes / 1e6 };
};
