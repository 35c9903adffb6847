import type { Caller } from '../../log-event.ts';
import type { WireRequest, WireResponse } from '../../wire/exchange.ts';

/** A client of the demo, as its callback page needs it. */
export type DemoCredentials = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Shell text for a word in double quotes that stands for the secret, so that no page shows the secret itself. */
  readonly secretInShell: string;
  readonly redirectUri: string;
};

/** The clients of a demo, by the name of the dialect. */
export type DemoClients = { find(dialect: string): DemoCredentials | undefined };

/** What the callback page of the demo works with. */
export type DemoContext = {
  readonly clients: DemoClients;
  /** Sends a request to this server's own endpoints. */
  send(request: WireRequest, caller: Caller): Promise<WireResponse>;
};

/** The path at which an owner comes back from consent to a demo client. */
export const demoCallbackPath = (dialect: string): string => `/demo/callback/${dialect}`;
