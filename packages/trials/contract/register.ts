import { test } from 'node:test';
import type { Store } from '@keyfob/server/stores';

/** Opens the stores that the contract runs on. One is in use at a time. */
export type StoreFactory = {
  /** Opens a new and empty store. */
  open(): Promise<Store>;
  /** Reopens the last store of `open` after its close. Absent if a close loses the content. */
  reopen?(): Promise<Store>;
  /** Opens another connection to the last store of `open`, which is still open. Absent if a store has only one connection. */
  openSecond?(): Promise<Store>;
};

/** Registers a test with a new store. */
export type OnStore = (name: string, body: (store: Store) => Promise<void>) => void;
/** Registers a test with two connections to one new store. */
export type OnTwo = (name: string, body: (one: Store, other: Store) => Promise<void>) => void;
/** Registers a test with a new store that it can close and reopen. */
export type OnReopened = (
  name: string,
  body: (store: Store, reopen: () => Promise<Store>) => Promise<void>,
) => void;

export const registerOnStore =
  (factory: StoreFactory): OnStore =>
  (name, body) => {
    test(name, async () => {
      const store = await factory.open();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });
  };

export const registerOnTwo =
  ({ open, openSecond }: StoreFactory): OnTwo =>
  (name, body) => {
    if (openSecond === undefined) {
      test(name, { skip: 'this store has only one connection' }, () => {});
      return;
    }
    test(name, async () => {
      const one = await open();
      const other = await openSecond();
      try {
        await body(one, other);
      } finally {
        await other.close();
        await one.close();
      }
    });
  };

export const registerOnReopened =
  ({ open, reopen }: StoreFactory): OnReopened =>
  (name, body) => {
    if (reopen === undefined) {
      test(name, { skip: 'this store loses everything when it is closed' }, () => {});
      return;
    }
    test(name, async () => {
      let store = await open();
      try {
        await body(store, async () => {
          await store.close();
          store = await reopen();
          return store;
        });
      } finally {
        await store.close();
      }
    });
  };
