import type { ClientChange } from '../clients/change.ts';
import type { Client } from '../clients/client.ts';
import { pickMetadata, readMetadata } from '../clients/client-metadata.ts';
import type { MetadataFault, WantedClient } from '../clients/client-metadata.ts';
import type { ClientMetadata, Registration } from '../clients/registration.ts';
import {
  createRegistrationTokenText,
  digestRegistrationToken,
  isRegistrationTokenText,
  REGISTRATION_CHANGED,
  REGISTRATION_TOKEN_GONE,
} from '../clients/registration.ts';
import { findWidening, keepSecretPlaces, termsOfUpdate } from '../clients/widening.ts';
import type { OperationContext } from './context.ts';
import { changeClient } from './change-client.ts';
import { isFault } from './register-by-token.ts';
import type { RegistrationSender } from './register-by-token.ts';
import { toMetadataFault } from './registration-fault.ts';

type ManageContext = Pick<
  OperationContext,
  'store' | 'dialects' | 'scopes' | 'keyRing' | 'clock' | 'randomness' | 'emit'
>;

/** A client that shows a token by which it manages its registration. */
export type Managed = {
  readonly client: Client;
  readonly registration: Registration;
  /** The digest of the token, in hexadecimal digits. */
  readonly used: string;
};

/** The client that a management token is for; `undefined` where it is not. The token before the newest one ends here. Throws `StoreError`. */
export const openRegistration = async (
  { store }: Pick<OperationContext, 'store'>,
  clientId: string,
  token: string,
): Promise<Managed | undefined> => {
  if (!isRegistrationTokenText(token)) return undefined;
  const used = digestRegistrationToken(token).toString('hex');
  const { client } = await store.readClient(clientId);
  const { registration } = client ?? {};
  if (client === undefined || registration === undefined || !registration.tokens.includes(used))
    return undefined;
  if (registration.tokens.length > 1 && registration.tokens[0] === used)
    await store.changeClient(clientId, { registration: { kind: 'used', used } });
  return { client, registration, used };
};

export type RegistrationUpdated =
  /** `waiting`: what is not approved yet, by the names of metadata; until then the client stays as it was. */
  | {
      readonly outcome: 'updated';
      readonly client: Client;
      readonly managementToken: string;
      readonly waiting: readonly string[];
    }
  | { readonly outcome: 'token_wrong' }
  | { readonly outcome: 'invalid'; readonly fault: MetadataFault };

/** Two updates at the same moment: one of them begins again. */
const ATTEMPTS = 3;

/**
 * Replaces the metadata of a client. What makes it more than an operator has approved waits, and the client goes on as it was.
 * Gives a new management token; the one that was used works until the new one is. Reports `registration.changed`. Throws `StoreError`.
 *
 * @see RFC 7592 §2.2
 */
export const updateRegistration = async (
  context: ManageContext,
  managed: Managed,
  sent: ClientMetadata,
  sender: RegistrationSender,
): Promise<RegistrationUpdated> => {
  const metadata = pickMetadata(sent);
  if (isFault(metadata)) return { outcome: 'invalid', fault: metadata };
  const managementToken = createRegistrationTokenText('r', context.randomness);
  const next = digestRegistrationToken(managementToken).toString('hex');
  let { client } = managed;
  for (let attempt = 1; ; attempt++) {
    const { registration } = client;
    if (registration === undefined) return { outcome: 'token_wrong' };
    const read = readMetadata(metadata, termsOfUpdate(client, registration));
    if ('error' in read) return { outcome: 'invalid', fault: read };
    const wanted = keepSecretPlaces(client, read);
    const fault = faultOfUpdate(client, wanted);
    if (fault !== undefined) return { outcome: 'invalid', fault };
    const isLive = registration.approvedAtMs !== undefined;
    const waiting = isLive ? findWidening(client, wanted) : [];
    const isWaiting = waiting.length > 0;
    const { version } = registration;
    const change = {
      ...(isWaiting ? {} : changeOf(wanted)),
      registration: {
        kind: 'changed',
        version,
        used: managed.used,
        next,
        proposed: isWaiting ? metadata : undefined,
      },
    } as const;
    const changed = await changeClient(context, client.id, change);
    if (changed.outcome === 'changed') {
      const { requestId, caller } = sender;
      const about = { requestId, dialect: client.dialect, clientId: client.id, caller };
      context.emit({ event: 'registration.changed', ...about, isPending: !isLive || isWaiting });
      return { outcome: 'updated', client: changed.client, managementToken, waiting };
    }
    if (changed.outcome === 'unknown' || changed.faults.includes(REGISTRATION_TOKEN_GONE))
      return { outcome: 'token_wrong' };
    const isRace = changed.faults.includes(REGISTRATION_CHANGED) && attempt < ATTEMPTS;
    if (!isRace) return { outcome: 'invalid', fault: toMetadataFault(changed.faults) };
    const reading = await context.store.readClient(client.id);
    if (reading.client === undefined) return { outcome: 'token_wrong' };
    client = reading.client;
  }
};

/** The change of a client that metadata ask for: everything that they can say is replaced. */
export const changeOf = ({
  name,
  redirectUris,
  privacyUrl,
  jwks,
  jwksUri,
  policy,
}: WantedClient): ClientChange => ({
  name,
  redirectUris,
  privacyUrl,
  // Either replaces the other.
  ...(jwks === null ? { jwksUri } : { jwks }),
  ...(jwks === null && jwksUri === null ? { jwks: null } : {}),
  policy,
});

/** A client is public or not from the beginning, and gets its secret when it registers. */
const faultOfUpdate = (client: Client, { type, policy }: WantedClient): MetadataFault | undefined => {
  const needsSecret = ['both', 'basic', 'post'].some((one) => one === policy.clientAuthentication);
  const isPossible = type === client.type && (type === 'public' || !needsSecret || client.secrets.length > 0);
  return isPossible
    ? undefined
    : {
        error: 'invalid_client_metadata',
        description:
          'token_endpoint_auth_method cannot become this one for a client that is registered already: register another client.',
      };
};

/**
 * Ends the registration of a client at its own wish: a client without grants is removed. One with grants is disabled, so that none of its
 * tokens works, and the records of its owners' consents stay. Reports `registration.ended`. Throws `StoreError`.
 *
 * @see RFC 7592 §2.3
 */
export const endRegistration = async (
  { store, clock, emit }: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  { client: { id: clientId, dialect }, used }: Managed,
  { requestId, caller }: RegistrationSender,
): Promise<'ended' | 'token_wrong'> => {
  // Disabled first, so that no grant begins meanwhile.
  const disabledAtMs = clock();
  const ended = await store.changeClient(clientId, { disabledAtMs, registration: { kind: 'ended', used } });
  if (ended !== 'changed') return 'token_wrong';
  await store.removeClient(clientId, { withGrants: false });
  emit({ event: 'registration.ended', requestId, dialect, clientId, caller });
  return 'ended';
};
