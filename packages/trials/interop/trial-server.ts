import type { DialectName } from '../support/dialect-name.ts';
import { openCodeMaker } from '../support/code-maker.ts';
import type { Agreed } from '../support/code-maker.ts';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';

/** A real server for a third-party client library, with what an operator prepares on it. */
export type TrialServer = {
  readonly url: string;
  readonly dialect: DialectName;
  readonly process: KeyfobServer;
  /** A client with the policy that its dialect's page describes. */
  readonly client: MadeClient;
  /** A client whose refresh tokens are dead as soon as they are used: no repeats, no race tolerance. */
  readonly strictClient: MadeClient;
  /** Registers another client. `policy` are flags of `keyfob client set`. */
  register(...policy: readonly string[]): Promise<MadeClient>;
  /** Creates a grant. `flags` are those of `keyfob grant create`. */
  grant(client: MadeClient, ...flags: readonly string[]): Promise<MadeGrant>;
  /** A new code for this client, after the owner's consent. */
  code(client: Pick<MadeClient, 'clientId'>, agreed?: Omit<Agreed, 'clientId'>): Promise<string>;
  /** Registers a public client. Returns its id. */
  registerPublic(): Promise<string>;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
};

/** Starts a server. `everyPolicy` are policy flags for each client, before the client's own flags. */
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
