import assert from 'node:assert/strict';
import { createGrant, registerClient } from '@keyfob/server';
import type { ClientRegistration, Deployment, GrantCreated, NewGrant } from '@keyfob/server';
import type { Client } from '@keyfob/server/clients';

/** Registers a client. The secret of a public client is empty. */
export const makeClient = async (
  deployment: Deployment,
  registration: ClientRegistration,
): Promise<{ readonly client: Client; readonly clientSecret: string }> => {
  const registered = await registerClient(deployment, registration);
  assert.ok(registered.outcome === 'registered');
  return { client: registered.client, clientSecret: registered.clientSecret ?? '' };
};

/** Creates a grant with its first tokens. */
export const makeGrant = async (
  deployment: Deployment,
  wanted: NewGrant,
): Promise<GrantCreated & { outcome: 'created' }> => {
  const created = await createGrant(deployment, wanted);
  assert.ok(created.outcome === 'created', created.outcome);
  return created;
};
