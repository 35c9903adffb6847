import type { DialectName } from '../support/dialect-name.ts';
import { openCodeMaker } from '../support/code-maker.ts';
import type { Agreed } from '../support/code-maker.ts';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';

/** A real server for a client library of others, and what an operator prepares on it. */
export type TrialServer = {
  readonly url: string;
  readonly dialect: DialectName;
  readonly process: KeyfobServer;
  /** A client with the policy that its dialect's page describes. */
  readonly client: MadeClient;
  /** A client whose used refresh tokens are dead at once: no repeat, no allowance for a race. */
  readonly strictClient: MadeClient;
  /** Registers one more. `policy` are flags of `keyfob client set`. */
  register(...policy: readonly string[]): Promise<MadeClient>;
  /** Creates a grant. `flags` are those of `keyfob grant create`. */
  grant(client: MadeClient, ...flags: readonly string[]): Promise<MadeGrant>;
  /** A code of this client, which its owner agreed to a moment ago. */
  code(client: Pick<MadeClient, 'clientId'>, agreed?: Omit<Agreed, 'clientId'>): Promise<string>;
  /** Registers a client without a secret, and answers its id. */
  registerPublic(): Promise<string>;
  /** Stops the server and removes what it kept. */
  close(): Promise<void>;
};

/** Starts a server. Every client on it gets the policy flags given here before its own. */
export const openTrialServer = async (
  dialect: DialectName,
  ...everyPolicy: readonly string[]
): Promise<TrialServer> => {
  const server = await startKeyfob();
  const register: TrialServer['register'] = async (...policy) => {
    const client = await server.command<MadeClient>('client', 'create', '--dialect', dialect);
    const flags = [...everyPolicy, ...policy];
    if (flags.length > 0) await server.command('client', 'set', client.clientId, ...flags);
    return client;
  };
  const codes = openCodeMaker(server.dataDirectory);
  const close: TrialServer['close'] = async () => {
    await codes.close();
    await server.stop();
    removeDataDirectory(server.dataDirectory);
  };
  try {
    return {
      url: server.url,
      dialect,
      process: server,
      client: await register(),
      strictClient: await register('--rotation', 'strict', '--race-seconds', '0'),
      register,
      grant: async ({ clientId }, ...flags) =>
        server.command<MadeGrant>('grant', 'create', '--client', clientId, '--subject', 'owner-1', ...flags),
      code: ({ clientId }, agreed) => codes.makeCode(dialect, { clientId, ...agreed }),
      registerPublic: () => codes.makePublicClient(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
