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
  /** Whether a row that is not bound names a key that is not in the ring: a keeper with another ring may have written it. */
  isOfOtherKeys(link: BoundLink): boolean;
};

/** Who wrote a row: a keeper with these keys, perhaps one with others, or another program. */
export const writerOf = (binder: LinkBinder, link: BoundLink): 'keeper' | 'other_keys' | 'stranger' => {
  if (binder.isBound(link)) return 'keeper';
  return binder.isOfOtherKeys(link) ? 'other_keys' : 'stranger';
};

/** For who only looks at a store. What is written with it is refused by keepers. */
const NO_BINDER: LinkBinder = {
  bind: () => new Uint8Array(),
  isBound: () => true,
  isOfOtherKeys: () => false,
};

/** The binder of an open store, which its keeper gives. */
export const createBinderHolder = (): { readonly links: LinkBinder } & Pick<LinkVerbs, 'useBinder'> => {
  let binder = NO_BINDER;
  return {
    links: {
      bind: (link) => binder.bind(link),
      isBound: (link) => binder.isBound(link),
      isOfOtherKeys: (link) => binder.isOfOtherKeys(link),
    },
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

/** A connection whose row names a key that this keeper does not have. It may be right, so it is not written anew. */
export const ofOtherKeys = (name: string): KeeperError =>
  new KeeperError(
    'key_unknown',
    `The row of the connection "${name}" names a key that is not among the keys`,
    'Give this keeper the keys that the others have, and start it again. Where no key is missing, another program has changed the row: accept it with "keyfob-keeper bind --accept NAME".',
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
