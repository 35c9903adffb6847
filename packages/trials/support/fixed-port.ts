import { startKeyfob } from './keyfob-process.ts';
import type { KeyfobServer, ServerOptions } from './keyfob-process.ts';
import type { Home } from './server-store.ts';

/** Starts the server of a trial again at the same address, as often as needed. */
export type Starter = {
  readonly port: number;
  start(options?: Pick<ServerOptions, 'spawn'>): Promise<KeyfobServer>;
};

/**
 * Below the ports that the system assigns (from 32768 on Linux), so that no other socket gets this one while the server
 * is down, not even a client that connects there.
 */
const LEAST_PORT = 12_000;
const PORTS = 20_000;
const TRIES = 20;

/** Finds a port and starts the server there for the first time. */
export const startOnFixedPort = async (
  home: Home,
): Promise<{ readonly starter: Starter; readonly server: KeyfobServer }> => {
  for (let attempt = 0; ; attempt++) {
    const port = LEAST_PORT + ((process.pid * 37 + attempt * 1009) % PORTS);
    const args = ['--port', String(port), '--log-level', 'error'];
    const starter: Starter = {
      port,
      start: (options = {}) => startKeyfob({ ...home, args, ...options }),
    };
    try {
      return { starter, server: await starter.start() };
    } catch (error) {
      if (!String(error).includes('listens there already') || attempt === TRIES) throw error;
    }
  }
};
