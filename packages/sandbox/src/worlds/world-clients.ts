import { registerClient } from '@keyfob/server';
import type { OperationContext } from '@keyfob/server';
import { faultInEnglish } from '@keyfob/server/errors';
import { dialectOf } from '@keyfob/server/dialects';
import { SandboxError } from '../sandbox-error.ts';
import type { WorldDefinition } from './new-world.ts';
import { READY_CLIENTS, REDIRECT_URIS } from './ready-clients.ts';
import type { PolicyChange } from './ready-clients.ts';

/** A client of a world, with the secret that works now. */
export type WorldClient = {
  readonly name: string;
  readonly dialect: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
};

/** The clients of a world. */
export type WorldClients = {
  find(name: string): WorldClient | undefined;
  findById(clientId: string): WorldClient | undefined;
  list(): readonly WorldClient[];
  replaceSecret(name: string, clientSecret: string): void;
};

/** Registers the ready-made clients and those of the definition. Throws `SandboxError` for a policy that is wrong. */
export const registerWorldClients = async (
  context: OperationContext,
  { clients = {}, policies = {}, redirectUris = [...REDIRECT_URIS] }: WorldDefinition,
): Promise<WorldClients> => {
  const wanted = { ...READY_CLIENTS, ...clients };
  const unknown = Object.keys(policies).find((name) => !Object.hasOwn(wanted, name));
  if (unknown !== undefined)
    throw new SandboxError(
      'input_invalid',
      `policies: there is no client ${unknown}`,
      `Name one of ${Object.keys(wanted).join(', ')}, or add it to clients.`,
    );
  // Registered in order: each takes its id and its secret from the seed before the next one begins.
  const registered = await Promise.all(
    Object.entries(wanted).map(([name, client]) => {
      const policy = { ...client.policy, ...policies[name] };
      const own = 'redirectUris' in client ? client.redirectUris : undefined;
      return register(context, { ...client, name, policy, redirectUris: own ?? redirectUris });
    }),
  );
  const byName = new Map(registered.map((client) => [client.name, client]));
  const names = new Map(registered.map(({ clientId, name }) => [clientId, name]));
  return {
    find: (name) => byName.get(name),
    findById: (clientId) => byName.get(names.get(clientId) ?? ''),
    list: () => [...byName.values()],
    replaceSecret(name, clientSecret) {
      const client = byName.get(name);
      if (client !== undefined) byName.set(name, { ...client, clientSecret });
    },
  };
};

type WantedClient = Pick<WorldClient, 'name' | 'dialect' | 'redirectUris'> & {
  readonly policy: PolicyChange;
  readonly type?: 'confidential' | 'public' | undefined;
  /** Those that a program has built in. */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
};

const register = async (
  context: OperationContext,
  {
    name,
    dialect,
    policy,
    redirectUris,
    type = dialectOf({ id: name, dialect }).sandbox.clientType,
    clientId,
    clientSecret: builtInSecret,
  }: WantedClient,
): Promise<WorldClient> => {
  if (builtInSecret !== undefined && clientId === undefined)
    throw new SandboxError(
      'input_invalid',
      `client ${name}: clientSecret stands alone`,
      'Give clientId too.',
    );
  const grantScope = [...(context.scopes.get(dialect)?.keys() ?? [])].join(' ');
  // Tests have no verifier and listen on any port.
  const usual = { grantScope, simulatedOwners: true, requirePkce: false, nativeApp: true };
  const outcome = await registerClient(context, {
    dialect,
    ...(type === undefined ? {} : { type }),
    ...(clientId === undefined ? {} : { builtIn: { clientId, clientSecret: builtInSecret } }),
    name,
    redirectUris,
    policy: { ...usual, ...policy },
  });
  if (outcome.outcome === 'invalid')
    throw new SandboxError(
      'input_invalid',
      `client ${name}: ${outcome.faults.map(faultInEnglish).join('; ')}`,
      'docs/reference/policies.md lists every field of a policy with its bounds.',
    );
  const { client, clientSecret = '' } = outcome;
  return { name, dialect, clientId: client.id, clientSecret, redirectUris };
};
