import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Deployment } from '../deployment/open.ts';
import { DIALECT_NAMES } from '../clients/client.ts';
import type { Client, DialectName } from '../clients/client.ts';
import { digestSecret, findSecret } from '../clients/secret.ts';
import { toSeconds } from '../clock.ts';
import type { Config } from '../config.ts';
import { DIALECTS } from '../dialects/dialects.ts';
import type { Emit } from '../log-event.ts';
import type { Brand } from '../grants/grant.ts';
import { standingOf } from '../grants/standing.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import { sealRefreshToken } from '../tokens/refresh-token.ts';
import { createClient, createGrant, readRefreshToken } from '../operations/registry.ts';

/** One demo client with its grant, and a command that refreshes it as often as it is pasted. */
export type DemoClient = {
  readonly dialect: DialectName;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly grantId: string;
  readonly curl: string;
  /** Where an owner is asked for consent. */
  readonly authorizeUrl: string;
};

type Kept = Readonly<Record<DialectName, Omit<DemoClient, 'dialect' | 'curl' | 'authorizeUrl'>>>;

/**
 * The demo: one client and one grant a dialect, made on the first start and found again on every later one. The
 * folder `demo` of the data directory (0600, 0700) holds their secrets and, in a file each, their newest refresh
 * tokens, which the printed commands read. Nothing but the demo is ever written there.
 */
export const openDemo = async (deployment: Deployment, config: Config, nowMs: number): Promise<Demo> => {
  const folder = resolve(config.data, 'demo');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kept = await keepAlive(deployment, folder, nowMs);
  for (const dialect of DIALECT_NAMES) await writeToken(deployment, folder, dialect, kept[dialect].grantId);
  return {
    follow: (event) => {
      if (event.event !== 'refresh.rotated' && event.event !== 'refresh.resynced') return;
      const dialect = DIALECT_NAMES.find((name) => kept[name].grantId === event.grantId);
      if (dialect === undefined) return;
      const { shapes } = DIALECTS[dialect];
      const id = readGrantId(event.grantId) ?? 0n;
      const { newest } = deployment.keyRing;
      const token = sealRefreshToken(newest, shapes.refreshToken, id, event.generation + 1);
      // At once, before the answer leaves: the next command may be pasted the moment this one has its answer.
      keepToken(tokenFile(folder, dialect), token);
    },
    describe: (url, publicUrl) =>
      DIALECT_NAMES.map((dialect) => {
        const curl = CURLS[dialect](url, kept[dialect], tokenFile(folder, dialect));
        const authorizeUrl = AUTHORIZE_URLS[dialect](publicUrl, kept[dialect].clientId);
        return { dialect, ...kept[dialect], curl, authorizeUrl };
      }),
  };
};

export type Demo = {
  /** Keeps the token files at the newest token. */
  readonly follow: Emit;
  describe(url: string, publicUrl: string): readonly DemoClient[];
};

const tokenFile = (folder: string, dialect: DialectName): string => join(folder, `${dialect}.token`);

/** What the last start kept, or a new client and grant for what is no longer there. */
const keepAlive = async (deployment: Deployment, folder: string, nowMs: number): Promise<Kept> => {
  const file = join(folder, 'clients.json');
  const before = readKept(file);
  const kept = Object.fromEntries(
    await Promise.all(
      DIALECT_NAMES.map(async (dialect) => [
        dialect,
        await keepOneAlive(deployment, dialect, before?.[dialect], nowMs),
      ]),
    ),
  ) as Kept;
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  return kept;
};

const keepOneAlive = async (
  deployment: Deployment,
  dialect: DialectName,
  before: Kept[DialectName] | undefined,
  nowMs: number,
): Promise<Kept[DialectName]> => {
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
  const brand: Brand | undefined = dialect === 'pleos' ? 'hyundai' : undefined;
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
  { clientId, clientSecret }: Kept[DialectName],
  now: number,
): Promise<Client | undefined> => {
  const { client } = await store.readClient(clientId);
  if (client === undefined || client.disabledAt !== undefined) return undefined;
  return findSecret(client.secrets, digestSecret(clientSecret), now) !== undefined ? client : undefined;
};

const readKept = (file: string): Kept | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept;
  } catch {
    return undefined;
  }
};

const writeToken = async (
  deployment: Deployment,
  folder: string,
  dialect: DialectName,
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

const AUTHORIZE_URLS: Readonly<Record<DialectName, (publicUrl: string, clientId: string) => string>> = {
  smartcar: (publicUrl, clientId) =>
    `${publicUrl}/oauth/authorize?response_type=code&client_id=${clientId}` +
    `&redirect_uri=${encodeURIComponent(DEMO_REDIRECT_URI)}` +
    '&scope=read_vehicle_info%20read_odometer%20read_location%20control_charge&state=demo&mode=simulated',
  pleos: (publicUrl, clientId) =>
    `${publicUrl}/v1/auth/login?clientId=${clientId}&brand=hyundai` +
    `&redirectUrl=${encodeURIComponent(DEMO_REDIRECT_URI)}&state=demo`,
};

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Each reads the newest token from its file, so that it works again and again. */
const CURLS: Readonly<Record<DialectName, (url: string, kept: Kept[DialectName], file: string) => string>> = {
  smartcar: (url, { clientId, clientSecret }, file) =>
    `curl -X POST ${url}/oauth/token -u '${clientId}:${clientSecret}' ` +
    `-d grant_type=refresh_token -d refresh_token="$(cat ${quote(file)})" -w '\\n'`,
  pleos: (url, { clientId, clientSecret }, file) =>
    `curl -X POST ${url}/v1/auth/token-refresh -H 'Content-Type: application/json' -H 'Brand: hyundai' ` +
    `-d '{"clientId":"${clientId}","clientSecret":"${clientSecret}","refreshToken":"'"$(cat ${quote(file)})"'"}' -w '\\n'`,
};
