import assert from 'node:assert/strict';
import type { Client } from '@keyfob/server/clients';
import type { Deployment, GrantCreated, NewGrant, ClientRegistration } from '@keyfob/server';
import { createGrant, registerClient } from '@keyfob/server';

/** Registers a client that has a secret. */
export const makeClient = async (
  deployment: Deployment,
  registration: ClientRegistration,
): Promise<{ readonly client: Client; readonly clientSecret: string }> => {
  const registered = await registerClient(deployment, registration);
  assert.ok(registered.outcome === 'registered' && registered.clientSecret !== undefined);
  return { client: registered.client, clientSecret: registered.clientSecret };
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
