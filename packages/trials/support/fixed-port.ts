import { startKeyfob } from './keyfob-process.ts';
import type { KeyfobServer, ServerOptions } from './keyfob-process.ts';
import type { Home } from './server-store.ts';

/** Starts the server of a trial repeatedly at the same address. */
export type Starter = {
  readonly port: number;
  start(options?: Pick<ServerOptions, 'spawn'>): Promise<KeyfobServer>;
};

/**
 * Below the ports that the system assigns (from 32768 on Linux), so that no other socket gets this port while the server
 * is down.
 */
const PORT_MIN = 12_000;
const PORT_COUNT = 20_000;
const ATTEMPTS_MAX = 20;

/** Finds a port and starts the server there for the first time. */
export const startOnFixedPort = async (
  home: Home,
): Promise<{ readonly starter: Starter; readonly server: KeyfobServer }> => {
  for (let attempt = 0; ; attempt++) {
    const port = PORT_MIN + ((process.pid * 37 + attempt * 1009) % PORT_COUNT);
    const args = ['--port', String(port), '--log-level', 'error'];
    const starter: Starter = {
      port,
      start: (options = {}) => startKeyfob({ ...home, args, ...options }),
    };
    try {
      return { starter, server: await starter.start() };
    } catch (error) {
      if (!String(error).includes('listens there already') || attempt === ATTEMPTS_MAX) throw error;
    }
  }
};
