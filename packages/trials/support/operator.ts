import assert from 'node:assert/strict';
import { changeClient, openDeployment, parseConfig, revokeGrant } from '@keyfob/server';
import type { Deployment } from '@keyfob/server';
import { POLICY_FIELDS } from '@keyfob/server/clients';
import { readGrantId, writeGrantId } from '@keyfob/server/tokens';
import type { FixtureDialect } from './dialect-name.ts';
import type { MadeClient, MadeGrant } from './keyfob-process.ts';
import { makeClient, makeGrant } from './make-client.ts';

type PolicyFields = Readonly<Record<string, unknown>>;

/** Does what the commands of an operator do while a server runs on the same store, without a process for each. */
export type Operator = {
  /** With fields of its policy, and options of its dialect. */
  createClient(dialect: FixtureDialect, fields?: PolicyFields): Promise<MadeClient>;
  changePolicy(clientId: string, policy: PolicyFields): Promise<void>;
  disableClient(clientId: string): Promise<void>;
  createGrant(client: MadeClient, brand?: string): Promise<MadeGrant>;
  revokeGrant(grant: MadeGrant, client: MadeClient): Promise<void>;
  close(): Promise<void>;
};

/** Opens the store that the settings name. */
export const openOperator = async (flags: Readonly<Record<string, string>>): Promise<Operator> => {
  const deployment: Deployment = await openDeployment(parseConfig({ flags }));
  const change = async (clientId: string, changes: Parameters<typeof changeClient>[2]): Promise<void> => {
    const changed = await changeClient(deployment, clientId, changes);
    assert.equal(changed.outcome, 'changed');
  };
  return {
    async createClient(dialect, fields = {}) {
      const entries = Object.entries(fields);
      const policy = Object.fromEntries(entries.filter(([name]) => name in POLICY_FIELDS));
      const options = entries.filter(([name]) => !(name in POLICY_FIELDS));
      const { client, clientSecret } = await makeClient(deployment, { dialect, name: '', policy });
      const dialectOptions = Object.fromEntries(options.map(([name, value]) => [name, String(value)]));
      if (options.length > 0) await change(client.id, { dialectOptions });
      return { clientId: client.id, clientSecret };
    },
    changePolicy: (clientId, policy) => change(clientId, { policy }),
    disableClient: (clientId) => change(clientId, { disabledAtMs: deployment.clock() }),
    async createGrant({ clientId }, brand) {
      const { grant, tokens } = await makeGrant(deployment, { clientId, subject: 'o', scope: '', brand });
      const { accessToken, refreshToken } = tokens;
      return { grantId: writeGrantId(grant.id), accessToken, refreshToken };
    },
    async revokeGrant({ grantId }, { clientId }) {
      const id = readGrantId(grantId);
      assert.ok(id !== undefined);
      const cause = { cause: 'operator', requestId: undefined } as const;
      assert.equal(await revokeGrant(deployment, { id, clientId }, cause), 'revoked');
    },
    close: () => deployment.close(),
  };
};
