import type { Engine, LogEvent } from './refresh/engine.ts';
import type { Cached } from './refresh/token-cache.ts';
import type { Loop } from './schedule/loop.ts';

/** What the service needs of an open keeper besides its public verbs. */
export type KeeperParts = {
  readonly engine: Engine;
  readonly loop: Pick<Loop, 'stop'>;
  /** The access token of a connection, if one is in memory that needs no look into the store. */
  fromMemory(name: string): Cached | undefined;
  /** Gets every log event from now on. Returns what ends it. */
  observe(observer: (event: LogEvent) => void): () => void;
};

const known = new WeakMap<object, KeeperParts>();

/** Notes the parts of a keeper when it opens. */
export const registerParts = (keeper: object, parts: KeeperParts): void => void known.set(keeper, parts);

/** The parts of a keeper that `openKeeper` has returned. */
export const partsOf = (keeper: object): KeeperParts => {
  const parts = known.get(keeper);
  if (parts === undefined) throw new TypeError('not a keeper of openKeeper');
  return parts;
};
