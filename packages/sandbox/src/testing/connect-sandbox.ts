import { createControlClient } from './control-client.ts';
import type { ControlClient } from './control-client.ts';
import { openWorld } from './world.ts';
import type { ShownWorld, World } from './world.ts';
import { writeWorldOptions } from './world-options.ts';
import type { WorldOptions } from './world-options.ts';

/** A sandbox that runs: in this process, or elsewhere. */
export type Sandbox = {
  /** Without a slash at its end. */
  readonly url: string;
  /** Creates a world of its own for a test. */
  world(options?: WorldOptions): Promise<World>;
  /** A world that exists; by default the one at the root. Closing it does not remove it. */
  findWorld(id?: string): Promise<World>;
  /** Ends a sandbox of this process with its worlds; of one elsewhere, only the connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Connects to a sandbox that runs elsewhere, such as `keyfob-sandbox` or its container.
 *
 * @example const sandbox = await connectSandbox('http://127.0.0.1:8788');
 */
export const connectSandbox = async (url: string): Promise<Sandbox> => {
  const control = createControlClient(url);
  try {
    await control.call('GET', '/health');
  } catch (error) {
    control.close();
    throw error;
  }
  return openSandbox(control, async () => {});
};

/** The sandbox that `control` calls. `end` is called once. */
export const openSandbox = (control: ControlClient, end: () => Promise<void>): Sandbox => {
  let closing: Promise<void> | undefined;
  const isSandboxClosed = (): boolean => closing !== undefined;
  const close = (): Promise<void> => {
    control.close();
    closing ??= end();
    return closing;
  };
  return {
    url: control.url,
    async world(options = {}) {
      const shown = await control.call<ShownWorld>('POST', '/worlds', writeWorldOptions(options));
      return openWorld(control, shown, { isOwn: true, isSandboxClosed });
    },
    async findWorld(id = 'default') {
      const shown = await control.call<ShownWorld>('GET', `/worlds/${encodeURIComponent(id)}`);
      return openWorld(control, shown, { isOwn: false, isSandboxClosed });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
