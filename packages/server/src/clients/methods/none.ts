import type { Client } from '../client.ts';

/** A client id alone, as public clients send it. @see RFC 6749 §3.2.1 */
export type NoCredentials = {
  readonly method: 'none';
  readonly clientId: string;
  /** The option of confidential clients by which their id alone is enough for this request too (`SECRET_CHOICES`). */
  readonly secretOption?: string;
};

/** What such an option may be. The first one counts where a client has none. */
export const SECRET_CHOICES = ['optional', 'required'] as const;

/** A public client needs no proof, nor does another one whose wire and policy ask for none here. */
export const verifyNone = (
  client: Client | undefined,
  { secretOption }: NoCredentials,
): 'public' | undefined => {
  if (client?.type === 'public') return 'public';
  if (client?.type !== 'confidential' || secretOption === undefined) return undefined;
  const chosen = client.policy.dialectOptions?.[secretOption] ?? SECRET_CHOICES[0];
  return chosen === 'optional' ? 'public' : undefined;
};
