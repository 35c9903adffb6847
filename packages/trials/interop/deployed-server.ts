import { createAuthorizationServer, systemRandomness } from '@keyfob/server';
import type { Deployment, LogEvent } from '@keyfob/server';
import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import type { Client, Policy } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { makeDataDirectory, removeDataDirectory, runKeyfob } from '../support/keyfob-process.ts';
import type { DialectName } from '../support/dialect-name.ts';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';

/** A server in this process, on a real socket and a real store, with a clock that tests can move forward. */
export type DeployedServer = {
  readonly url: string;
  readonly deployment: Deployment;
  readonly events: readonly LogEvent[];
  /** The current time of the server's clock. */
  now(): Date;
  advanceSeconds(seconds: number): void;
  register(
    dialect: DialectName,
    more?: Partial<Pick<Client, 'type'>> & { readonly policy?: Partial<Policy> },
  ): Promise<MadeClient>;
  /** Runs `keyfob grant create`. */
  grant(client: MadeClient): Promise<MadeGrant>;
  /** Runs `keyfob keys rotate` while the server runs. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
};

export const openDeployedServer = async (): Promise<DeployedServer> => {
  const data = makeDataDirectory();
  const events: LogEvent[] = [];
  let aheadMs = 0;
  const clock = (): number => Date.now() + aheadMs;
  const server = await createAuthorizationServer(
    { data, port: 0 },
    { emit: (event) => events.push(event), clock },
  );
  const { deployment } = server;
  const { url } = await server.listen();
  const run = async (...words: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await runKeyfob([...words, '--data', data, '--json']);
    if (code !== 0) throw new Error(`keyfob ${words.join(' ')} exited with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  };
  let clientCount = 0;
  return {
    url,
    deployment,
    events,
    now: () => new Date(clock()),
    advanceSeconds: (seconds) => void (aheadMs += seconds * 1000),
    async register(dialect, { type = 'confidential', policy = {} } = {}) {
      const clientSecret = createClientSecret(systemRandomness);
      const clientId = `${dialect}-${++clientCount}`;
      const createdAtMs = clock();
      const secret = { id: clientId, name: 'first', digest: digestSecret(clientSecret), createdAtMs };
      await deployment.store.createClient({
        id: clientId,
        dialect,
        type,
        name: clientId,
        redirectUris: [],
        consentRedirectUri: undefined,
        policy: { ...DIALECTS[dialect].defaultPolicy, ...policy },
        createdAtMs,
        disabledAtMs: undefined,
        secrets: type === 'public' ? [] : [{ ...secret, expiresAtMs: undefined, lastUsedAtMs: undefined }],
      });
      return { clientId, clientSecret };
    },
    async grant({ clientId }) {
      const words = ['--client', clientId, '--subject', 'owner-1', '--public-url', url];
      return (await run('grant', 'create', ...words)) as MadeGrant;
    },
    rotateKeys: async () => void (await run('keys', 'rotate')),
    async close() {
      await server.close();
      removeDataDirectory(data);
    },
  };
};
