import type { Client } from '../client.ts';

/** A client id alone, as public clients send it. @see RFC 6749 §3.2.1 */
export type NoCredentials = {
  readonly method: 'none';
  readonly clientId: string;
};

/** Only a public client needs no proof. */
export const verifyNone = (client: Client | undefined): 'public' | undefined =>
  client?.type === 'public' ? 'public' : undefined;
