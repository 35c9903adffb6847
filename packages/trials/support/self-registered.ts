import assert from 'node:assert/strict';
import { makeRegistrationToken } from '@keyfob/server';
import type { AuthorizationServer } from '@keyfob/server';

/** Lets a client register itself at a server whose `clientRegistration` is on; answers its id. */
export const registerItself = async (
  { deployment }: Pick<AuthorizationServer, 'deployment'>,
  url: string,
  metadata: object = { client_name: 'Road trips', redirect_uris: ['https://trips.example/callback'] },
): Promise<string> => {
  const wanted = { name: 'Example GmbH', dialect: 'oauth', uses: 1, expiresInSeconds: 3600 };
  const made = await makeRegistrationToken(deployment, wanted);
  assert.ok(made.outcome === 'made');
  const response = await fetch(`${url}/oauth/register`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${made.text}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(metadata),
  });
  const body = (await response.json()) as { readonly client_id: string };
  assert.equal(response.status, 201, JSON.stringify(body));
  return body.client_id;
};
