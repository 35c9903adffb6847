import { test } from 'node:test';
import type { Store } from '@keyfob/server/stores';

/** Makes the stores that the contract runs on. One is in use at a time. */
export type StoreFactory = {
  /** A fresh and empty store. */
  open(): Promise<Store>;
  /** Opens again what `open` opened last, after its close. Absent where a close loses everything. */
  reopen?(): Promise<Store>;
  /** One more connection to what `open` opened last and is still open. Absent where there is only one. */
  openSecond?(): Promise<Store>;
};

/** Registers a test with a fresh store. */
export type OnStore = (name: string, body: (store: Store) => Promise<void>) => void;
/** Registers a test with two connections to one fresh store. */
export type OnTwo = (name: string, body: (one: Store, other: Store) => Promise<void>) => void;
/** Registers a test with a fresh store and a way to close it and open it again. */
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
      test(name, { skip: 'this store has one connection only' }, () => {});
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
