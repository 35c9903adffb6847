import { createAuthorizer } from './authorizer.ts';
import type { Authorizer } from './authorizer.ts';
import { createConsentFlow } from '../connect/consent-flow.ts';
import type { ConsentFlow } from '../connect/consent-flow.ts';
import { StoreError } from '../errors.ts';
import { createFetch } from './fetch.ts';
import type { Provider } from '../providers/provider.ts';
import type { AskOptions } from '../refresh/ask.ts';
import type { Budget } from '../refresh/budget.ts';
import type { Engine } from '../refresh/engine.ts';

/** What a keeper offers to HTTP clients and to the pages of a program. */
export type HttpAccess = {
  /** `fetch` with the token of a connection: a refused token leads to one refresh at most, and to one more request. */
  fetch(name: string): typeof globalThis.fetch;
  /** What `fetch` and the adapters for other HTTP clients are built on, for one of your own. */
  authorizer(name: string): Authorizer;
  /** The way of owners to the consent of a client and back; `connectRoutes` makes routes of it. Throws `KeeperError`. */
  consent(client: string, redirectUri: string): ConsentFlow;
};

/** It over the parts of a keeper. */
export const createHttpAccess = (
  engine: Engine,
  parts: {
    readonly budget: Budget;
    token(name: string, asked: AskOptions): Promise<string>;
    onPut(name: string): void;
    refuseSending(): void;
  },
): HttpAccess => {
  const { clients, store } = engine;
  /** `undefined` where the store is away: then the answer of the vehicle API says more than an error of ours. */
  const providerOf = async (name: string): Promise<Provider | undefined> => {
    try {
      return clients.get((await store.find(name))?.client ?? '')?.provider;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return undefined;
    }
  };
  const authorizer = (name: string): Authorizer =>
    createAuthorizer({
      token: (asked) => parts.token(name, asked),
      provider: () => providerOf(name),
    });
  return {
    authorizer,
    fetch: (name) => createFetch(authorizer(name), globalThis.fetch),
    consent: (client, redirectUri) =>
      createConsentFlow(engine, parts.budget, client, {
        redirectUri,
        onPut: parts.onPut,
        refuseSending: parts.refuseSending,
      }),
  };
};
