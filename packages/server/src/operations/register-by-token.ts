import type { Client } from '../clients/client.ts';
import { pickMetadata, readMetadata } from '../clients/client-metadata.ts';
import type { MetadataFault, WantedClient } from '../clients/client-metadata.ts';
import type { ClientMetadata, RegistrationTerms, RegistrationToken } from '../clients/registration.ts';
import {
  createRegistrationTokenText,
  digestRegistrationToken,
  isRegistrationTokenText,
} from '../clients/registration.ts';
import type { Millis } from '../clock.ts';
import type { Caller } from '../log-event.ts';
import type { OperationContext } from './context.ts';
import { prepareClient } from './register-client.ts';
import type { ClientRegistration } from './register-client.ts';
import { toMetadataFault } from './registration-fault.ts';

/** Who sends a request about a registration. */
export type RegistrationSender = { readonly requestId: string; readonly caller: Caller };

/** What a client gets when it registers itself. */
export type SelfRegistered =
  | {
      readonly outcome: 'registered';
      readonly client: Client;
      /** `undefined` for a client that has none. */
      readonly clientSecret: string | undefined;
      /** The token by which it manages its registration. Only a digest of it is stored. */
      readonly managementToken: string;
    }
  /** There is no such registration token, or it has ended. */
  | { readonly outcome: 'token_wrong' }
  | { readonly outcome: 'invalid'; readonly fault: MetadataFault };

/** Metadata as a client sends it. */
export type SentMetadata = ClientMetadata;

/**
 * Registers a client that holds a registration token. Unless the token says otherwise, the client is disabled until an operator
 * approves it. Reports `registration.received`. Throws `StoreError`.
 *
 * @see RFC 7591 §3
 */
export const registerByToken = async (
  context: Pick<
    OperationContext,
    'store' | 'dialects' | 'scopes' | 'keyRing' | 'clock' | 'randomness' | 'emit'
  >,
  { token, metadata: sent }: { readonly token: string; readonly metadata: SentMetadata },
  { requestId, caller }: RegistrationSender,
): Promise<SelfRegistered> => {
  const { store, clock, randomness, emit } = context;
  const digest = isRegistrationTokenText(token) ? digestRegistrationToken(token) : undefined;
  const known = digest && (await store.findRegistrationToken(digest));
  const nowMs = clock();
  if (digest === undefined || known === undefined || hasEnded(known, nowMs))
    return { outcome: 'token_wrong' };
  const { terms } = known;
  const metadata = pickMetadata(sent);
  if (isFault(metadata)) return { outcome: 'invalid', fault: metadata };
  const wanted = readMetadata(metadata, terms);
  if ('error' in wanted) return { outcome: 'invalid', fault: wanted };
  const prepared = prepareClient(context, registrationOf(wanted, terms));
  if (prepared.outcome === 'invalid') return { outcome: 'invalid', fault: toMetadataFault(prepared.faults) };
  const managementToken = createRegistrationTokenText('r', randomness);
  const client: Client = {
    ...prepared.client,
    disabledAtMs: terms.isApproved ? undefined : nowMs,
    registration: {
      terms,
      version: 1,
      approvedAtMs: terms.isApproved ? nowMs : undefined,
      tokens: [digestRegistrationToken(managementToken).toString('hex')],
    },
  };
  if ((await store.registerByToken(digest, client, nowMs)) !== 'created') return { outcome: 'token_wrong' };
  const { id: clientId, dialect } = client;
  const isPending = !terms.isApproved;
  emit({ event: 'registration.received', requestId, dialect, clientId, caller, isPending });
  return { outcome: 'registered', client, clientSecret: prepared.clientSecret, managementToken };
};

const hasEnded = ({ usesLeft, expiresAtMs }: RegistrationToken, nowMs: Millis): boolean =>
  usesLeft < 1 || expiresAtMs <= nowMs;

export const isFault = (metadata: ClientMetadata | MetadataFault): metadata is MetadataFault =>
  'error' in metadata && 'description' in metadata;

const registrationOf = (
  { type, name, redirectUris, policy, privacyUrl, jwks, jwksUri }: WantedClient,
  { dialect }: RegistrationTerms,
): ClientRegistration => ({
  dialect,
  type,
  name,
  redirectUris,
  policy,
  ...(privacyUrl === null ? {} : { privacyUrl }),
  ...(jwks === null ? {} : { jwks }),
  ...(jwksUri === null ? {} : { jwksUri }),
});
