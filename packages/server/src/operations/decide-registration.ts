import type { Fault } from '../language.ts';
import type { Client } from '../clients/client.ts';
import type { ClientPage, ClientPlace } from '../clients/client-search.ts';
import { readMetadata } from '../clients/client-metadata.ts';
import type { ClientMetadata, Registration } from '../clients/registration.ts';
import { describeMetadata } from '../clients/describe-metadata.ts';
import { waitsForApproval } from '../clients/registration.ts';
import { findWidening, keepSecretPlaces, termsOfUpdate } from '../clients/widening.ts';
import { changeClient } from './change-client.ts';
import type { OperationContext } from './context.ts';
import { changeOf } from './manage-registration.ts';

/** A client that waits for an operator: a new one, or one that asks to become something else. */
export type WaitingRegistration = {
  readonly client: Client;
  readonly registration: Registration;
  readonly kind: 'new' | 'change';
  /** What it would be. */
  readonly metadata: ClientMetadata;
  /** What of that is more than was approved, by the names of metadata; empty for a new one. */
  readonly widened: readonly string[];
};

export type RegistrationsWaiting = {
  readonly registrations: readonly WaitingRegistration[];
  /** Where the next page begins; `undefined` if this is the last one. */
  readonly next: ClientPlace | undefined;
};

/** A page of the registrations that wait, the oldest client first. Throws `StoreError`. */
export const listWaiting = async (
  { store }: Pick<OperationContext, 'store'>,
  { after, limit }: ClientPage,
): Promise<RegistrationsWaiting> => {
  const found = await store.listWaitingClients({ after, limit: limit + 1 });
  const clients = found.slice(0, limit);
  return {
    registrations: clients.flatMap((client) => describeWaiting(client) ?? []),
    next: clients.length < found.length ? clients.at(-1) : undefined,
  };
};

const describeWaiting = (client: Client): WaitingRegistration | undefined => {
  const { registration } = client;
  if (registration === undefined || !waitsForApproval(client)) return undefined;
  const { proposed } = registration;
  if (proposed === undefined)
    return { client, registration, kind: 'new', metadata: describeMetadata(client), widened: [] };
  const wanted = readMetadata(proposed, termsOfUpdate(client, registration));
  const widened = 'error' in wanted ? [] : findWidening(client, keepSecretPlaces(client, wanted));
  return { client, registration, kind: 'change', metadata: proposed, widened };
};

/** What an operator decides about: `seen` is the version that was looked at. */
export type RegistrationDecision = { readonly clientId: string; readonly seen: number };

export type RegistrationDecided =
  | { readonly outcome: 'approved' | 'refused' }
  | { readonly outcome: 'unknown' }
  /** It was changed since it was looked at, or what it asks for is not possible any more. */
  | { readonly outcome: 'invalid'; readonly faults: readonly Fault[] };

const readWaiting = async (
  { store }: Pick<OperationContext, 'store'>,
  { clientId }: RegistrationDecision,
): Promise<WaitingRegistration | undefined> => {
  const { client } = await store.readClient(clientId);
  return client === undefined ? undefined : describeWaiting(client);
};

/** Lets a client be what it asks for. Throws `StoreError`. */
export const approveRegistration = async (
  context: Pick<OperationContext, 'store' | 'dialects' | 'scopes' | 'keyRing' | 'clock'>,
  decision: RegistrationDecision,
): Promise<RegistrationDecided> => {
  const waiting = await readWaiting(context, decision);
  if (waiting === undefined) return { outcome: 'unknown' };
  const { client, kind, metadata, registration } = waiting;
  const wanted = kind === 'change' ? readMetadata(metadata, termsOfUpdate(client, registration)) : undefined;
  if (wanted !== undefined && 'error' in wanted) return { outcome: 'invalid', faults: [wanted.description] };
  const changed = await changeClient(context, decision.clientId, {
    ...(wanted === undefined ? { disabledAtMs: null } : changeOf(keepSecretPlaces(client, wanted))),
    registration: { kind: 'approved', version: decision.seen, atMs: context.clock() },
  });
  return changed.outcome === 'changed' ? { outcome: 'approved' } : changed;
};

/** Removes a client that was never approved; one that was stays as it is. Throws `StoreError`. */
export const refuseRegistration = async (
  context: Pick<OperationContext, 'store'>,
  decision: RegistrationDecision,
): Promise<RegistrationDecided> => {
  const waiting = await readWaiting(context, decision);
  if (waiting === undefined) return { outcome: 'unknown' };
  const { clientId, seen: version } = decision;
  const changed = await context.store.changeClient(clientId, {
    registration: { kind: 'refused', version },
  });
  if (typeof changed === 'object') return { outcome: 'invalid', faults: changed.faults };
  if (changed === 'unknown') return { outcome: 'unknown' };
  if (waiting.kind === 'change') return { outcome: 'refused' };
  const removed = await context.store.removeClient(clientId, { withGrants: false });
  if (removed === 'has_grants')
    return {
      outcome: 'invalid',
      faults: [
        {
          en: 'the client has grants: remove it with "keyfob client remove"',
          ko: '클라이언트에 그랜트가 있습니다. "keyfob client remove"로 제거하세요.',
        },
      ],
    };
  return { outcome: 'refused' };
};
