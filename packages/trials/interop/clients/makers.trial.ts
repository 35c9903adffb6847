import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { revokeGrant, systemRandomness } from '@keyfob/server';
import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import type { Client, Policy } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { openConnectTrial } from '../../connect/connect-trial.ts';
import type { ConnectTrial } from '../../connect/connect-trial.ts';
import { createPlainBrowser } from '../../connect/plain-browser.ts';
import type { FixtureDialect } from '../../support/dialect-name.ts';
import { makeGrant } from '../../support/make-client.ts';
import type { Skipped } from '../../support/skipped.ts';
import { ClientThrew, startClientProgram } from './client-program.ts';
import type { ClientCall, ClientCommand, ClientProgram, SeenError } from './client-program.ts';
import { describeLanguage } from './describe-language.ts';
import { pathOf, runAll } from './install.ts';
import { installMakers } from './python.ts';
import { openVendorFront } from './vendor-front.ts';
import type { VendorFront } from './vendor-front.ts';

/** A program of the community for the API of one maker. */
type Maker = {
  readonly name: string;
  readonly dialect: FixtureDialect;
  /** The host at which it expects its vendor. */
  readonly host: string;
  /** A client that the program has built in. */
  readonly builtIn?: {
    readonly clientId: string;
    readonly clientSecret?: string;
    readonly redirectUri?: string;
  };
  readonly type?: Client['type'];
  /** What its client needs besides what every client of the dialect has. */
  readonly policy?: Partial<Policy>;
  /** How it gets its first tokens; `command`: an operator creates the grant, because it knows only its vendor's own sign-in. */
  readonly first: 'consent' | 'device' | 'command';
  /** What happens when it refreshes with the token that it has after a lost answer; `sent again`: it did so at once by itself. */
  readonly afterLostAnswer: 'works' | 'sent again' | Partial<SeenError>;
  /** What its user sees of a dead token. */
  readonly dead: Partial<SeenError>;
  readonly staysTheSame?: true;
};

/** Everybody who installs these programs has their clients, so they are no secrets. */
const AUSTRALIA = {
  clientId: '855c72df-dfd7-4230-ab03-67cbf902bb1c',
  clientSecret: 'e6fbwHM32YNbhQl0pviaPp3rf4t3S6k91eceA3MJLdbdThCO',
};

/** Every scope of the dialect, because some programs ask for all. */
const ALL_OF_TESLA = DIALECTS.tesla.scopes.map(({ name }) => name).join(' ');

const DEAD_AT_BMW = { type: 'CarDataAuthError', error: 'invalid_request' };
/** The same as for an outage: neither status nor error code reaches its user. */
const DEAD_AT_VOLVO = {
  type: 'VolvoAuthException',
  error: null,
  description: "('ClientResponseError', 'token refresh')",
};

/** Its own sign-in, which it falls back to, reads pages of its vendor. */
const DEAD_AT_POLESTAR = { type: 'PolestarAuthException' };

const PYTHON_CLIENTS: readonly Maker[] = [
  {
    name: 'tesla_fleet_api',
    dialect: 'tesla',
    host: 'fleet-auth.prd.vn.cloud.tesla.com',
    first: 'consent',
    afterLostAnswer: 'works',
    dead: { type: 'ValueError', error: 'login_required' },
  },
  {
    name: 'teslapy',
    dialect: 'tesla',
    host: 'auth.tesla.com',
    type: 'public',
    builtIn: { clientId: 'ownerapi', redirectUri: 'tesla://auth/callback' },
    first: 'consent',
    afterLostAnswer: 'works',
    dead: { type: 'LoginRequired', error: 'login_required' },
  },
  {
    name: 'tescmd',
    dialect: 'tesla',
    host: 'auth.tesla.com',
    policy: { grantScope: ALL_OF_TESLA, clientCredentials: true, clientCredentialsScope: ALL_OF_TESLA },
    first: 'consent',
    afterLostAnswer: 'works',
    dead: { type: 'AuthError' },
  },
  {
    name: 'pypolestar',
    dialect: 'ping',
    host: 'polestarid.eu.polestar.com',
    type: 'public',
    builtIn: { clientId: 'l3oopkc_10' },
    first: 'command',
    afterLostAnswer: DEAD_AT_POLESTAR,
    dead: DEAD_AT_POLESTAR,
  },
  {
    name: 'bmw_cardata',
    dialect: 'forgerock',
    host: 'customer.bmwgroup.com',
    type: 'public',
    first: 'device',
    afterLostAnswer: DEAD_AT_BMW,
    dead: DEAD_AT_BMW,
  },
  {
    name: 'volvocarsapi',
    dialect: 'ping',
    host: 'volvoid.eu.volvocars.com',
    first: 'consent',
    afterLostAnswer: DEAD_AT_VOLVO,
    dead: DEAD_AT_VOLVO,
  },
  {
    name: 'hyundai_kia_connect_api',
    dialect: 'ccapi',
    host: 'au-apigw.ccs.hyundai.com.au',
    builtIn: AUSTRALIA,
    first: 'command',
    staysTheSame: true,
    afterLostAnswer: 'works',
    // It falls back to the sign-in with a password, which is another server.
    dead: { type: 'APIError' },
  },
];

const BLUELINKY: Maker = {
  name: 'bluelinky',
  dialect: 'ccapi',
  host: 'au-apigw.ccs.hyundai.com.au',
  builtIn: AUSTRALIA,
  first: 'command',
  staysTheSame: true,
  afterLostAnswer: 'sent again',
  dead: { type: 'returned' },
};

const REDIRECT_URI = 'https://app.example/callback';
const SUBJECT = 'owner-1';
/** The vehicle of demo owner 1. */
const VEHICLE = { 'vehicle_9e2c0502-36cd-5f62-a987-a4b4dde6d189': 'yes' };

type Registered = { readonly clientId: string; readonly clientSecret: string };

/** Registers the client of a program, with the id and secret that the program has built in. */
const register = async (
  { deployment }: ConnectTrial,
  { dialect, type = 'confidential', builtIn, policy }: Maker,
): Promise<Registered> => {
  const clientId = builtIn?.clientId ?? 'charge-planner';
  const clientSecret = builtIn?.clientSecret ?? createClientSecret(systemRandomness);
  const createdAtMs = Date.now();
  const digest = digestSecret(clientSecret);
  const secret = {
    id: clientId,
    name: 'first',
    digest,
    createdAtMs,
    expiresAtMs: undefined,
    lastUsedAtMs: undefined,
  };
  const outcome = await deployment.store.createClient({
    id: clientId,
    dialect,
    type,
    name: 'Charge planner',
    redirectUris: [builtIn?.redirectUri ?? REDIRECT_URI],
    consentRedirectUri: undefined,
    policy: { ...DIALECTS[dialect].defaultPolicy, simulatedOwners: true, ...policy },
    createdAtMs,
    disabledAtMs: undefined,
    secrets: type === 'public' ? [] : [secret],
  });
  assert.equal(outcome, 'created');
  return { clientId, clientSecret };
};

/** An owner agrees in a browser. Returns the code. */
const agreeAt = async ({ url }: ConnectTrial, loginUrl: string): Promise<string> => {
  const { pathname, search } = new URL(loginUrl);
  const browser = createPlainBrowser();
  const signedIn = await browser.press(await browser.open(`${url}${pathname}${search}`), '1');
  const agreed = await browser.press(await browser.open(signedIn.location), 'agree', VEHICLE);
  return new URL(agreed.target).searchParams.get('code') ?? assert.fail(agreed.body);
};

const describeMaker = (maker: Maker, command: ClientCommand, skip: string | false): void => {
  describe(`${maker.name}, as ${maker.dialect}`, { skip }, () => {
    test('gets its first tokens, refreshes, loses an answer, and learns that its token is dead', async (t) => {
      const trial = await openConnectTrial(t);
      const front = await openVendorFront(trial.url, [maker.host]);
      if ('skipped' in front) return t.skip(front.skipped);
      t.after(front.close);
      const program = startClientProgram({ ...command, environment: () => front.environment }, trial.url);
      t.after(program.stop);
      await live(maker, { trial, front, program });
    });
  });
};

type Scene = {
  readonly trial: ConnectTrial;
  readonly front: VendorFront;
  readonly program: ClientProgram;
};

const live = async (maker: Maker, { trial, front, program }: Scene): Promise<void> => {
  const client = await register(trial, maker);
  const ask = async (
    call: ClientCall['call'],
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> =>
    (await program.ask({ client: maker.name, call, ...more }))[0] ?? assert.fail(`${call}: nothing`);
  const begin = (more: Readonly<Record<string, string>> = {}): Promise<string> =>
    ask('begin', { ...client, redirectUri: REDIRECT_URI, url: front.url, ...more });
  const { grantScope = '' } = DIALECTS[maker.dialect].defaultPolicy;
  const firstToken = {
    async consent() {
      return ask('exchange', { code: await agreeAt(trial, await begin()) });
    },
    async device() {
      const userCode = await begin();
      const { store } = trial.deployment;
      const first = ask('exchange');
      const settlement = { kind: 'approved', consent: { subject: SUBJECT, vehicles: [] } } as const;
      await store.settleDeviceRequest(userCode.replaceAll('-', ''), settlement, {
        nowMs: Date.now(),
        doubt: undefined,
      });
      return first;
    },
    async command() {
      const { clientId } = client;
      const wanted = { clientId, subject: SUBJECT, scope: grantScope, brand: undefined };
      const { refreshToken } = (await makeGrant(trial.deployment, wanted)).tokens;
      await begin({ refreshToken });
      return refreshToken;
    },
  };
  const first = await firstToken[maker.first]();
  const second = await ask('refresh');
  assert.equal(second === first, maker.staysTheSame ?? false);

  front.loseNextAnswer();
  const { afterLostAnswer } = maker;
  if (afterLostAnswer !== 'sent again') await assert.rejects(ask('refresh'), ClientThrew);
  if (typeof afterLostAnswer === 'string')
    assert.equal((await ask('refresh')) === second, maker.staysTheSame ?? false);
  else await assertSeen(ask('refresh'), afterLostAnswer);

  const grants = await trial.deployment.store.listGrants({ clientId: client.clientId, limit: 2 });
  assert.equal(grants.length, 1);
  for (const grant of grants)
    await revokeGrant(trial.deployment, grant, { cause: 'operator', requestId: undefined });
  await assertSeen(ask('refresh'), maker.dead);
};

const assertSeen = (asked: Promise<unknown>, expected: Partial<SeenError>): Promise<void> =>
  assert.rejects(asked, (thrown: unknown) => {
    assert.ok(thrown instanceof ClientThrew, String(thrown));
    assert.partialDeepStrictEqual(thrown.seen, expected);
    return true;
  });

await describeLanguage('car makers, in Python', installMakers, ({ program, skips }) => {
  const command = { program, args: [pathOf('python/makers.py')], environment: () => ({}) };
  for (const maker of PYTHON_CLIENTS) describeMaker(maker, command, skips[maker.name] ?? false);
});

/** Installs bluelinky in a folder. Returns the folder. */
const installBluelinky = async (folder: string): Promise<{ readonly folder: string } | Skipped> => {
  copyFileSync(pathOf('node/package.json'), join(folder, 'package.json'));
  const npm = ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts'] as const;
  return (await runAll([npm], folder)) ?? { folder };
};

await describeLanguage('car makers, in Node', installBluelinky, ({ folder }) => {
  const args = [pathOf('node/bluelinky.cjs'), folder];
  describeMaker(BLUELINKY, { program: process.execPath, args, environment: () => ({}) }, false);
});
