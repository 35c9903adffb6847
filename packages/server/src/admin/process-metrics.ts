import { collectDefaultMetrics, Registry } from 'prom-client';

let registry: Registry | undefined;

/**
 * The figures of this process: CPU, memory, file descriptors, the lag of the event loop, and garbage collection. One registry
 * for every server in it, because they are observed from its first use to the end of the process.
 */
export const processMetrics = (): Registry => {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
};
