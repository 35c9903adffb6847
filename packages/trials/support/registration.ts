import { createGrant as createGrantOrRefuse, registerClient } from '@keyfob/server';
import type {
  ClientRegistered,
  ClientRegistration,
  Deployment,
  GrantCreated,
  NewGrant,
} from '@keyfob/server';

/** Registers a client that is expected to be valid. */
export const createClient = async (
  deployment: Deployment,
  registration: ClientRegistration,
): Promise<{
  readonly client: Extract<ClientRegistered, { outcome: 'registered' }>['client'];
  readonly clientSecret: string;
}> => {
  const registered = await registerClient(deployment, registration);
  if (registered.outcome === 'invalid') throw new Error(registered.faults.join('; '));
  return { client: registered.client, clientSecret: registered.clientSecret ?? '' };
};

/** Creates a grant that is expected to be valid. */
export const createGrant = async (
  deployment: Deployment,
  wanted: NewGrant,
): Promise<Extract<GrantCreated, { outcome: 'created' }>> => {
  const created = await createGrantOrRefuse(deployment, wanted);
  if (created.outcome !== 'created') throw new Error(`the grant was not created: ${created.outcome}`);
  return created;
};
