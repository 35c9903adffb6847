import { describe, test } from 'node:test';
import type { Store } from '@keyfob/server/stores';
import { clientContract } from './suite/clients.ts';
import { codeContract } from './suite/codes.ts';
import { codeConnectionContract, codeLastingContract, codeRacingContract } from './suite/code-races.ts';
import { connectionContract } from './suite/connections.ts';
import { consentContract } from './suite/consents.ts';
import { grantEventContract } from './suite/grant-events.ts';
import { grantEventKeepingContract } from './suite/grant-event-retention.ts';
import { grantContract } from './suite/grants.ts';
import { importContract } from './suite/imports.ts';
import { keyContract } from './suite/keys.ts';
import { lastingContract } from './suite/durability.ts';
import { pruneContract } from './suite/pruning.ts';
import { racingContract } from './suite/refresh-races.ts';
import { refreshContract } from './suite/refreshes.ts';
import { issuingContract } from './suite/issuing.ts';
import { vehicleContract } from './suite/vehicles.ts';
import { verdictContract } from './suite/verdicts.ts';
import { volumeContract } from './suite/volume.ts';
import { webhookConnectionContract, webhookContract } from './suite/webhooks.ts';

/** Makes the stores that the contract is tried on. One is in use at a time. */
export type StoreFactory = {
  /** A fresh and empty store. */
  open(): Promise<Store>;
  /** What `open` opened last, anew after its close. Absent where nothing outlives a close. */
  reopen?(): Promise<Store>;
  /** One more connection to what `open` opened last and is still open. Absent where there is but one. */
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

/** Registers the whole contract of `Store` for one kind of store, under its name. */
export const describeStore = (name: string, factory: StoreFactory): void => {
  describe(`the contract of a store: ${name}`, () => {
    const onStore = registerOnStore(factory);
    for (const register of [
      grantContract,
      refreshContract,
      issuingContract,
      verdictContract,
      pruneContract,
      vehicleContract,
      clientContract,
      codeContract,
      consentContract,
      importContract,
      grantEventContract,
      keyContract,
      racingContract,
      codeRacingContract,
      volumeContract,
      grantEventKeepingContract,
      webhookContract,
    ])
      register(onStore);
    for (const register of [connectionContract, codeConnectionContract, webhookConnectionContract])
      register(registerOnTwo(factory));
    for (const register of [lastingContract, codeLastingContract]) register(registerOnReopened(factory));
  });
};

const registerOnStore =
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

const registerOnTwo =
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

const registerOnReopened =
  ({ open, reopen }: StoreFactory): OnReopened =>
  (name, body) => {
    if (reopen === undefined) {
      test(name, { skip: 'nothing of this store outlives its close' }, () => {});
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
