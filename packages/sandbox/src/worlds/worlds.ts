import type { RequestListener, Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { JournalEntry } from '../journal/entry.ts';
import { SandboxError } from '../sandbox-error.ts';
import { createHttpListener } from './http-listener.ts';
import type { WorldDefinition } from './new-world.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

/** The worlds of a sandbox. */
export type Worlds = {
  /** `origin`: how its creator reaches the sandbox, if not by its own URL. */
  create(definition: WorldDefinition, origin?: string): Promise<World>;
  /** The one at the root. */
  createDefault(definition: WorldDefinition): Promise<World>;
  /** The world of an id, which counts as a use of it. */
  find(id: string): World | undefined;
  list(): readonly World[];
  /** Answers whether there was such a world. */
  remove(id: string): Promise<boolean>;
  /** The same world again, as it was created: with its seed, and with nothing that happened since. */
  reset(id: string): Promise<World | undefined>;
  /** Removes the worlds that nobody has used for an hour. Happens by itself every minute. */
  sweep(): Promise<void>;
  /** Calls `listener` at every change in the journal of any world, until the returned function is called. */
  follow(listener: WorldFollower): () => void;
  close(): Promise<void>;
};

/** Gets what happens to the requests of all worlds. */
export type WorldFollower = (world: World, entry: JournalEntry) => void;

/** How many worlds there may be at one moment. Each takes about a megabyte. */
export const WORLDS_MAX = 1000;
/** A world that nobody has used for so long, in real time, goes. */
export const IDLE_MAX_MS = 3_600_000;
const SWEEP_INTERVAL_MS = 60_000;
/** The world at the root of the host. It stays. */
export const DEFAULT_WORLD = 'default';

/** Where a world is, and the listener of its own port. */
type Place = { readonly origin: string; readonly listener?: Server | undefined };
type Inhabited = Place & { readonly world: World; usedAt: number };

export type WorldsContext = {
  readonly host: string;
  /** Of the sandbox, without a slash at its end. Known once it listens. */
  readonly url: () => string;
  /** Answers the requests to a world that has a port of its own. */
  readonly listenerFor: (id: string) => RequestListener;
  readonly monotonic?: () => number;
  readonly worldsMax?: number;
};

export const createWorlds = ({
  host,
  url,
  listenerFor,
  monotonic = () => performance.now(),
  worldsMax = WORLDS_MAX,
}: WorldsContext): Worlds => {
  const worlds = new Map<string, Inhabited>();
  const followers = new Set<WorldFollower>();

  const open = async (id: string, definition: WorldDefinition, place: Place): Promise<Inhabited> => {
    const listener =
      place.listener ?? (definition.port ? await listenOnAnyPort(host, listenerFor(id)) : undefined);
    const basePath = listener !== undefined || id === DEFAULT_WORLD ? '' : `/w/${id}`;
    const origin = listener === undefined ? place.origin : withPort(place.origin, listener);
    try {
      const world = await createWorld({ id, basePath, url: `${origin}${basePath}` }, definition);
      world.journal.follow((entry) => {
        for (const follower of followers) follower(world, entry);
      });
      return { world, listener, origin: place.origin, usedAt: monotonic() };
    } catch (error) {
      if (place.listener === undefined) listener?.close();
      throw error;
    }
  };

  const close = async ({ world, listener }: Inhabited): Promise<void> => {
    listener?.closeAllConnections();
    listener?.close();
    await world.close();
  };

  /** The last reset of each world that has not ended. */
  const resets = new Map<string, Promise<unknown>>();

  const remove = async (id: string): Promise<boolean> => {
    const found = worlds.get(id);
    worlds.delete(id);
    if (found !== undefined) await close(found);
    return found !== undefined;
  };

  const reset = async (id: string): Promise<World | undefined> => {
    const before = worlds.get(id);
    if (before === undefined) return undefined;
    const after = await open(id, before.world.definition, before);
    if (worlds.get(id) !== before) {
      // It was removed meanwhile, with its listener.
      await after.world.close();
      return undefined;
    }
    worlds.set(id, after);
    await before.world.close();
    return after.world;
  };

  /** One after the other: two at once would close a world twice, and leave one open that nobody finds. */
  const resetInTurn = async (id: string): Promise<World | undefined> => {
    const result = (resets.get(id) ?? Promise.resolve()).then(() => reset(id));
    const over = result.catch(() => {});
    resets.set(id, over);
    try {
      return await result;
    } finally {
      if (resets.get(id) === over) resets.delete(id);
    }
  };

  const sweep = async (): Promise<void> => {
    const idle = [...worlds].filter(
      ([id, { usedAt }]) => id !== DEFAULT_WORLD && monotonic() - usedAt > IDLE_MAX_MS,
    );
    await Promise.all(idle.map(([id]) => remove(id)));
  };
  const sweeping = setInterval(() => void sweep().catch(() => {}), SWEEP_INTERVAL_MS).unref();

  /** Worlds that are being created count, so that a burst does not pass the limit. */
  let creating = 0;
  const add = async (id: string, definition: WorldDefinition, origin: string): Promise<World> => {
    if (worlds.size + creating >= worldsMax)
      throw new SandboxError(
        'too_many_worlds',
        `there are ${worldsMax} worlds, which is the limit`,
        'DELETE worlds that are done. Those that nobody uses go after an hour.',
      );
    creating++;
    try {
      const inhabited = await open(id, definition, { origin });
      worlds.set(id, inhabited);
      return inhabited.world;
    } finally {
      creating--;
    }
  };

  return {
    create: (definition, origin = url()) => add(newId(), definition, origin),
    createDefault: (definition) => add(DEFAULT_WORLD, definition, url()),
    find(id) {
      const found = worlds.get(id);
      if (found !== undefined) found.usedAt = monotonic();
      return found?.world;
    },
    list: () => [...worlds.values()].map(({ world }) => world),
    remove,
    reset: resetInTurn,
    sweep,
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    async close() {
      clearInterval(sweeping);
      await Promise.all([...worlds.keys()].map(remove));
    },
  };
};

const newId = (): string => randomBytes(5).toString('hex');

const listenOnAnyPort = async (host: string, listener: RequestListener): Promise<Server> => {
  const server = createHttpListener(listener);
  server.listen(0, host);
  await once(server, 'listening');
  return server;
};

/** The same host, with the port of a listener. */
const withPort = (origin: string, server: Server): string => {
  const url = new URL(origin);
  url.port = String((server.address() as AddressInfo).port);
  return url.origin;
};

/** A host as a URL has it: an address that means every address is reached at this machine. */
export const writeHost = (host: string): string => {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
};
