import { KeeperError } from '../errors.ts';

/** The row of a connection: which grant a name uses, and the client of that grant. */
export type Link = { readonly name: string; readonly grantId: string; readonly client: string };

/** It with what shows who wrote it; empty where nothing does. */
export type BoundLink = Link & { readonly binding: Uint8Array };

/** Who writes to the database alone must not point a name at another grant. Called inside transactions; synchronous. */
export type LinkBinder = {
  bind(link: Link): Uint8Array;
  /** Whether a holder of the keeper's keys wrote the row, or that is not demanded of this store yet. */
  isBound(link: BoundLink): boolean;
};

/** For who only looks at a store. What is written with it is refused by keepers. */
const NO_BINDER: LinkBinder = { bind: () => new Uint8Array(), isBound: () => true };

/** The binder of an open store, which its keeper gives. */
export const createBinderHolder = (): { readonly links: LinkBinder } & Pick<LinkVerbs, 'useBinder'> => {
  let binder = NO_BINDER;
  return {
    links: { bind: (link) => binder.bind(link), isBound: (link) => binder.isBound(link) },
    useBinder: (given) => void (binder = given),
  };
};

/** A connection whose row was not written with the keeper's keys. Nothing is sent for it, and nothing of it is changed. */
export const unbound = (name: string): KeeperError =>
  new KeeperError(
    'connection_unbound',
    `The row of the connection "${name}" was not written with the keeper's key, so another program has changed it`,
    'Put its tokens again, restore the row, or accept it as it is with "keyfob-keeper bind --accept NAME".',
  );

/** The rows of connections themselves: for a change of keys, and for stores of earlier versions. */
export type LinkVerbs = {
  /** From now on, rows are bound and checked by it. Without one nothing is checked, and keepers refuse what is put. */
  useBinder(binder: LinkBinder): void;
  /** Rows by name, after `after`. */
  links(after: string, limit: number): Promise<readonly BoundLink[]>;
  /** Binds rows anew that are still as they were read. */
  bindLinks(rows: readonly { readonly link: BoundLink; readonly binding: Uint8Array }[]): Promise<void>;
};
