import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config, DemoClients, DemoCredentials, Deployment, Emit } from '../../exports/index.ts';
import { DIALECTS } from '../../exports/dialects.ts';
import { readGrantId, sealRefreshToken } from '../../exports/tokens.ts';
import { callbackOf, ensureDemoClient, readDemoRefreshToken, registerCallback } from './demo-client.ts';
import type { DemoAddresses, StoredDemoClient } from './demo-client.ts';

/** A demo client with its grant, and what a person can do with them. */
export type DemoClient = StoredDemoClient & {
  readonly dialect: string;
  /** A shell command that refreshes the grant; it can be repeated. */
  readonly curl: string;
  /** Where an owner gives consent. */
  readonly authorizeUrl: string;
  /** Where the owner returns: a page of this server. */
  readonly redirectUri: string;
};

export type Demo = {
  /** Updates the token files at every refresh. */
  readonly follow: Emit;
  /** For the callback page, which has no clients before `begin`. */
  readonly clients: DemoClients;
  /** Registers where owners return, once the server listens. Throws `StoreError`. */
  begin(addresses: DemoAddresses): Promise<readonly DemoClient[]>;
};

/** By the name of the dialect. */
type StoredDemoClients = ReadonlyMap<string, StoredDemoClient>;

/**
 * The demo: one client and one grant per dialect, created at the first start and used again at every later one. The folder
 * `demo` of the data directory (mode 0700, files 0600) holds their secrets and their newest refresh tokens, also in one file
 * each, which the shown commands read. It holds nothing else.
 */
export const openDemo = async (deployment: Deployment, config: Config): Promise<Demo> => {
  const folder = resolve(config.data, 'demo');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const clients = await ensureDemoClients(deployment, join(folder, 'clients.json'));
  for (const [dialect, { grantId, clientSecret }] of clients) {
    writeWord(secretFile(folder, dialect), clientSecret);
    const token = await readDemoRefreshToken(deployment, readGrantId(grantId) ?? 0n);
    if (token !== undefined) writeWord(tokenFile(folder, dialect), token);
  }
  const atCallback = new Map<string, DemoCredentials>();
  return {
    follow: (event) => {
      if (event.event !== 'refresh.rotated' && event.event !== 'refresh.resynced') return;
      const { grantId, generation } = event;
      const dialect = Object.values(DIALECTS).find(({ name }) => clients.get(name)?.grantId === grantId);
      if (dialect === undefined) return;
      const { name, shapes } = dialect;
      const { active } = deployment.keyRing.seal;
      const token = sealRefreshToken(active, shapes.refreshToken, readGrantId(grantId) ?? 0n, generation + 1);
      // Before the answer is sent, because the next command may be pasted right after it.
      writeWord(tokenFile(folder, name), token);
    },
    clients: { find: (dialect) => atCallback.get(dialect) },
    async begin(addresses) {
      const offered = Object.values(DIALECTS).flatMap(({ name, examples }) => {
        const client = clients.get(name);
        if (client === undefined) return [];
        const { clientId, clientSecret } = client;
        const redirectUri = callbackOf(name, addresses);
        const secretInShell = `$(cat ${quote(secretFile(folder, name))})`;
        atCallback.set(name, { clientId, clientSecret, secretInShell, redirectUri });
        const target = examples.demoAuthorizationTarget({ clientId, redirectUri });
        // The command reads the newest token from its file, so that it can be repeated.
        const curl = examples.refreshCommand(
          addresses.url,
          client,
          `$(cat ${quote(tokenFile(folder, name))})`,
        );
        const authorizeUrl = `${addresses.publicUrl}${target}`;
        return [{ dialect: name, ...client, curl, authorizeUrl, redirectUri }];
      });
      await Promise.all(offered.map((client) => registerCallback(deployment, client, client.redirectUri)));
      return offered;
    },
  };
};

const ensureDemoClients = async (deployment: Deployment, file: string): Promise<StoredDemoClients> => {
  const stored = readStoredClients(file);
  const clients = new Map(
    await Promise.all(
      Object.values(DIALECTS).map(
        async (dialect) =>
          [dialect.name, await ensureDemoClient(deployment, dialect, stored.get(dialect.name))] as const,
      ),
    ),
  );
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(clients), null, 2)}\n`, { mode: 0o600 });
  return clients;
};

const readStoredClients = (file: string): StoredDemoClients => {
  try {
    return new Map(
      Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, StoredDemoClient>),
    );
  } catch {
    return new Map();
  }
};

const tokenFile = (folder: string, dialect: string): string => join(folder, `${dialect}.token`);

const secretFile = (folder: string, dialect: string): string => join(folder, `${dialect}.secret`);

/** Written to another file and renamed, so that a command never reads half a token. */
const writeWord = (file: string, word: string): void => {
  try {
    writeFileSync(`${file}.new`, `${word}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // A full disk must not stop the server: the printed command then fails and shows the problem.
  }
};

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
