import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { isEveryAddress, OperatorError } from '@keyfob/server';
import { createControl } from './control/control.ts';
import { createAboutRoutes } from './control/routes/about-routes.ts';
import { clockRoutes } from './control/routes/clock-routes.ts';
import { faultRoutes } from './control/routes/fault-routes.ts';
import { grantRoutes } from './control/routes/grant-routes.ts';
import { journalRoutes } from './control/routes/journal-routes.ts';
import { scenarioRoutes } from './control/routes/scenario-routes.ts';
import { webhookRoutes } from './control/routes/webhook-routes.ts';
import { worldRoutes } from './control/routes/world-routes.ts';
import { createEdge, createWorldListener } from './edge/create-edge.ts';
import { createPages } from './page/pages.ts';
import { parseInput } from './parse-input.ts';
import { createHttpListener } from './worlds/http-listener.ts';
import { newWorld } from './worlds/new-world.ts';
import type { NewWorld } from './worlds/new-world.ts';
import type { World } from './worlds/world.ts';
import { createWorlds, writeHost } from './worlds/worlds.ts';
import type { Worlds } from './worlds/worlds.ts';

/** How a sandbox is started. */
export type SandboxOptions = {
  /** Where it listens; this machine only by default. */
  readonly host?: string;
  /** 0, the default, picks a free one. */
  readonly port?: number;
  /** Names besides those of this machine by which its control API may be reached. */
  readonly allowedHosts?: readonly string[];
  /** The URL by which others reach it, where that is not where it listens: behind a proxy or in a container. */
  readonly publicUrl?: string;
  /** The world at its root; by default one whose clock runs, from the present moment. */
  readonly defaultWorld?: NewWorld;
};

/** A sandbox that listens. */
export type Sandbox = {
  /** Without a slash at its end. */
  readonly url: string;
  readonly worlds: Worlds;
  /** The world at the root. */
  readonly defaultWorld: () => World;
  /** Creates a world. Throws `SandboxError` for a definition that is wrong. */
  createWorld(definition?: NewWorld): Promise<World>;
  close(): Promise<void>;
};

/** A person who pastes commands expects time to pass. */
const MANUAL_CLOCK: NewWorld = { clock: { mode: 'running', rate: 1 } };

/** Starts a sandbox with its default world. Throws `OperatorError` if the address cannot be used. */
export const startSandboxServer = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const { host = '127.0.0.1', port = 0, allowedHosts = [], defaultWorld = MANUAL_CLOCK } = options;
  // Before anything listens, because a definition that is wrong stops the start.
  const definition = parseInput(newWorld, defaultWorld);
  let url = '';
  const worlds: Worlds = createWorlds({
    host,
    url: () => url,
    listenerFor: (id) => createWorldListener({ worlds, control }, id),
  });
  const routes = [
    ...worldRoutes,
    ...clockRoutes,
    ...grantRoutes,
    ...faultRoutes,
    ...scenarioRoutes,
    ...journalRoutes,
    ...webhookRoutes,
  ];
  const about = createAboutRoutes(routes, () => url);
  const control = createControl({ worlds, version: readVersion() }, [...routes, ...about]);
  const server = createHttpListener(
    createEdge({ worlds, control, pages: createPages(control.ask), allowedHosts }),
  );
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    throw describeListenError(error, host, port);
  });
  // An address that stands for every address is none that a client can connect to.
  const reached = isEveryAddress(host) ? 'localhost' : writeHost(host);
  const listening = `http://${reached}:${(server.address() as AddressInfo).port}`;
  url = options.publicUrl?.replace(/\/$/, '') ?? listening;
  let root = await worlds.createDefault(definition).catch(async (error: unknown) => {
    server.close();
    await worlds.close();
    throw error;
  });
  return {
    url,
    worlds,
    defaultWorld: () => (root = worlds.find(root.id) ?? root),
    createWorld: (wanted = {}) => worlds.create(parseInput(newWorld, wanted)),
    async close() {
      server.close();
      await worlds.close();
      server.closeAllConnections();
    },
  };
};

const describeListenError = (error: unknown, host: string, port: number): OperatorError => {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  const remedy =
    code === 'EADDRINUSE'
      ? 'Stop what listens there, or choose another port: --port 0 picks a free one.'
      : 'Choose another host or port.';
  return new OperatorError('listen_failed', `cannot listen on ${host} port ${port}: ${message}`, remedy, {
    cause: error,
  });
};

const readVersion = (): string =>
  (
    JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      readonly version: string;
    }
  ).version;
