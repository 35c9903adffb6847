import { openDeployment, parseConfig } from '@keyfob/server';
import { parsePolicy } from '@keyfob/server/clients';
import { makeClient, makeGrant } from '../make-client.ts';
import type { VisiblePolicy } from './call.ts';
import type { ClientKind } from './client-kinds.ts';
import type { Home } from '../server-store.ts';
import type { WireClient } from './refresh-wire.ts';

/** A registered client. */
export type TrialClient = WireClient & { readonly kind: ClientKind; readonly policy: VisiblePolicy };

const open = ({ dataDirectory, environment }: Home) =>
  openDeployment(parseConfig({ flags: { data: dataDirectory }, environment, file: {} }), {
    createIfMissing: true,
  });

/** Registers a client of each kind. */
export const registerClients = async (
  home: Home,
  kinds: readonly ClientKind[],
): Promise<readonly TrialClient[]> => {
  const deployment = await open(home);
  const registered: TrialClient[] = [];
  for (const kind of kinds) {
    const { dialect, name } = kind;
    const { client, clientSecret } = await makeClient(deployment, { dialect, name });
    const parsed = parsePolicy({ ...client.policy, ...kind.policy });
    if ('faults' in parsed) throw new Error(`${name}: ${parsed.faults.join('; ')}`);
    const { policy } = parsed;
    await deployment.store.changeClient(client.id, { policy });
    registered.push({ kind, dialect, clientId: client.id, clientSecret, policy });
  }
  await deployment.close();
  return registered;
};

/** Creates a grant for each client, and its first refresh token. A server may run meanwhile. */
export const consent = async (
  home: Home,
  clients: readonly TrialClient[],
): Promise<readonly { readonly client: TrialClient; readonly refreshToken: string }[]> => {
  const deployment = await open(home);
  const created = [];
  for (const client of clients) {
    const { clientId } = client;
    const wanted = { clientId, subject: 'owner', scope: '', brand: undefined };
    const { tokens } = await makeGrant(deployment, wanted);
    created.push({ client, refreshToken: tokens.refreshToken });
  }
  await deployment.close();
  return created;
};
