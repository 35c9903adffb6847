import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Deployment } from '../deployment/open.ts';
import type { Client } from '../clients/client.ts';
import { digestSecret, findSecret } from '../clients/secret.ts';
import { toSeconds } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import type { Emit } from '../log-event.ts';
import { standingOf } from '../grants/standing.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import { createClient, createGrant, readRefreshToken } from '../operations/registry.ts';

/** One demo client with its grant, and a command that refreshes it as often as it is pasted. */
export type DemoClient = {
  readonly dialect: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly grantId: string;
  readonly curl: string;
  /** Where an owner is asked for consent. */
  readonly authorizeUrl: string;
};

type KeptClient = Omit<DemoClient, 'dialect' | 'curl' | 'authorizeUrl'>;
/** By the name of the dialect. */
type Kept = ReadonlyMap<string, KeptClient>;

/**
 * The demo: one client and one grant a dialect, made on the first start and found again on every later one. The
 * folder `demo` of the data directory (0600, 0700) holds their secrets and, in a file each, their newest refresh
 * tokens, which the printed commands read. Nothing but the demo is ever written there.
 */
export const openDemo = async (deployment: Deployment, config: Config, nowMs: number): Promise<Demo> => {
  const folder = resolve(config.data, 'demo');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kept = await keepAlive(deployment, folder, nowMs);
  for (const [dialect, { grantId }] of kept) await writeToken(deployment, folder, dialect, grantId);
  return {
    follow: (event) => {
      if (event.event !== 'refresh.rotated' && event.event !== 'refresh.resynced') return;
      const { grantId } = event;
      const dialect = Object.values(DIALECTS).find(({ name }) => kept.get(name)?.grantId === grantId);
      if (dialect === undefined) return;
      const { name, shapes } = dialect;
      const id = readGrantId(grantId) ?? 0n;
      const { newest } = deployment.keyRing;
      const token = sealRefreshToken(newest, shapes.refreshToken, id, event.generation + 1);
      // At once, before the answer leaves: the next command may be pasted the moment this one has its answer.
      keepToken(tokenFile(folder, name), token);
    },
    describe: (url, publicUrl) =>
      Object.values(DIALECTS).flatMap(({ name, examples }) => {
        const client = kept.get(name);
        if (client === undefined) return [];
        const { clientId } = client;
        const target = examples.demoAuthorizationTarget({ clientId, redirectUri: DEMO_REDIRECT_URI });
        // Each reads the newest token from its file, so that it works again and again.
        const curl = examples.refreshCommand(url, client, `$(cat ${quote(tokenFile(folder, name))})`);
        return [{ dialect: name, ...client, curl, authorizeUrl: `${publicUrl}${target}` }];
      }),
  };
};

export type Demo = {
  /** Keeps the token files at the newest token. */
  readonly follow: Emit;
  describe(url: string, publicUrl: string): readonly DemoClient[];
};

const tokenFile = (folder: string, dialect: string): string => join(folder, `${dialect}.token`);

/** What the last start kept, or a new client and grant for what is no longer there. */
const keepAlive = async (deployment: Deployment, folder: string, nowMs: number): Promise<Kept> => {
  const file = join(folder, 'clients.json');
  const before = readKept(file);
  const kept = new Map(
    await Promise.all(
      Object.values(DIALECTS).map(
        async (dialect) =>
          [dialect.name, await keepOneAlive(deployment, dialect, before.get(dialect.name), nowMs)] as const,
      ),
    ),
  );
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`, { mode: 0o600 });
  return kept;
};

const keepOneAlive = async (
  deployment: Deployment,
  { name: dialect, brands }: Dialect,
  before: KeptClient | undefined,
  nowMs: number,
): Promise<KeptClient> => {
  const client = before === undefined ? undefined : await findUsable(deployment, before, toSeconds(nowMs));
  // A demo of an earlier version had none.
  if (client?.redirectUris.length === 0)
    await deployment.store.changeClient(client.id, { redirectUris: [DEMO_REDIRECT_URI] });
  const grant =
    before === undefined ? undefined : await deployment.store.readGrant(readGrantId(before.grantId) ?? 0n);
  const isAlive =
    client !== undefined &&
    grant !== undefined &&
    standingOf(grant, client.policy, nowMs).status === 'active';
  if (before !== undefined && isAlive) return before;
  const [brand] = brands;
  const named = {
    dialect,
    name: `${dialect} demo`,
    subject: 'demo-owner',
    scope: 'read_odometer read_location',
    brand,
  };
  if (before !== undefined && client !== undefined) {
    const { id } = await createGrant(deployment, { ...named, clientId: client.id, nowMs });
    return { ...before, grantId: writeGrantId(id) };
  }
  const created = await createClient(deployment, { ...named, nowMs, redirectUris: [DEMO_REDIRECT_URI] });
  const { id } = await createGrant(deployment, { ...named, clientId: created.client.id, nowMs });
  return { clientId: created.client.id, clientSecret: created.clientSecret, grantId: writeGrantId(id) };
};

/** The kept client, if it is enabled and its kept secret still in force. */
const findUsable = async (
  { store }: Deployment,
  { clientId, clientSecret }: KeptClient,
  now: number,
): Promise<Client | undefined> => {
  const { client } = await store.readClient(clientId);
  if (client === undefined || client.disabledAt !== undefined) return undefined;
  return findSecret(client.secrets, digestSecret(clientSecret), now) !== undefined ? client : undefined;
};

const readKept = (file: string): Kept => {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, KeptClient>));
  } catch {
    return new Map();
  }
};

const writeToken = async (
  deployment: Deployment,
  folder: string,
  dialect: string,
  grantId: string,
): Promise<void> => {
  const token = await readRefreshToken(deployment, readGrantId(grantId) ?? 0n);
  if (token !== undefined) keepToken(tokenFile(folder, dialect), token);
};

/** Written aside and renamed, so that a command pasted meanwhile never reads half a token. */
const keepToken = (file: string, token: string): void => {
  try {
    writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // A demo that cannot write its pocket is no reason to stop serving: the next printed command will tell.
  }
};

/** On whatever port somebody listens, or on none: the code is to be read in the browser's address then. */
const DEMO_REDIRECT_URI = 'http://127.0.0.1/callback';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
