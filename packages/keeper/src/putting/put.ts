import { KeeperError } from '../errors.ts';
import { expiryOf } from '../grants/expiry.ts';
import type { Pair } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import { lifetimesOf } from '../providers/learned.ts';
import { hasControls } from './has-controls.ts';
import type { Engine } from '../refresh/engine.ts';
import { dueOf, lookupTextOf, sealPair } from '../refresh/pair.ts';
import { isUsable } from '../refresh/read-pair.ts';
import { checkParams } from '../refresh/write-request.ts';
import type { Put } from '../stores/store.ts';
import { seconds } from '../time.ts';
import type { Millis } from '../time.ts';
import { lookupsOf } from '../vault/key-ring.ts';

/** The tokens of a code exchange, or of another program's table. */
export type Tokens = {
  /** Missing, or one that no header can hold: one is fetched when somebody asks. */
  readonly accessToken?: string | undefined;
  /** Missing only where the client has none (client credentials). */
  readonly refreshToken?: string | undefined;
  /** Seconds from `obtainedAtMs`. */
  readonly expiresIn?: number | undefined;
  readonly refreshExpiresIn?: number | undefined;
  readonly scope?: string | undefined;
  /**
   * When the pair was issued; now where missing. Never later than it was: early is safe. A refresh token that was refused is believed
   * again only where this says that the provider gave it after that.
   */
  readonly obtainedAtMs?: Millis | undefined;
};

/** What a program says about a pair besides its tokens. */
export type PutOptions = {
  /** What the provider wants per connection, for example `brand`. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether two connections may have one refresh token. They use one grant then, and `put` answers `linked`. With `false`,
   * the second one is refused, because one owner's token under two names is often a mistake. `true` by default.
   */
  readonly isShared?: boolean | undefined;
  /**
   * Where a grant may be shared: only with connections whose names all begin with this. Otherwise the pair is refused. It keeps callers
   * apart who may each see a part of the names: nobody gets a token by one that was used long ago.
   */
  readonly sharedPrefix?: string | undefined;
};

const NAME_MAX = 200;

/**
 * What the store writes for a pair from outside. Throws `KeeperError` for what can never be kept. `isAsCame`: the provider gave it
 * just now and will not give it again, so a refresh token is not looked at.
 */
export const preparePut = (
  engine: Engine,
  name: string,
  clientName: string,
  tokens: Tokens,
  {
    params = {},
    isShared = true,
    sharedPrefix,
    isAsCame = false,
  }: PutOptions & { readonly isAsCame?: boolean } = {},
): Put => {
  if (name === '' || name.length > NAME_MAX || hasControls(name))
    throw new KeeperError(
      'name_invalid',
      'A connection needs a name of 1 to 200 printable characters',
      "Use the car's or the owner's id, for example vin:KMH123.",
    );
  const client = engine.clients.get(clientName);
  if (client === undefined)
    throw new KeeperError(
      'client_unknown',
      `There is no client "${clientName}"`,
      `Use one of: ${[...engine.clients.keys()].join(', ')}.`,
    );
  checkParams(client.provider, params);
  checkTokens(client, tokens, isAsCame);
  checkNumbers(tokens);
  const { accessToken = '' } = tokens;
  const pair: Pair = {
    // One that cannot be used must not cost the refresh token beside it.
    accessToken: isUsable(accessToken) ? accessToken : '',
    refreshToken: tokens.refreshToken,
    ...(tokens.scope === undefined ? {} : { scope: tokens.scope }),
  };
  const { learned } = engine.book.facts(clientName);
  const nowMs = engine.store.nowMs();
  const issuedAtMs = Math.floor(Math.min(tokens.obtainedAtMs ?? nowMs, nowMs));
  const lifetimes = lifetimesOf(client.provider, learned);
  const endsAtMs =
    lifetimes.grantSeconds === undefined ? undefined : issuedAtMs + seconds(lifetimes.grantSeconds);
  const expiry = expiryOf(issuedAtMs, tokens, lifetimes, endsAtMs);
  const accessExpiresAtMs = pair.accessToken === '' ? issuedAtMs : expiry.accessExpiresAtMs;
  const about = { client: clientName, issuedAtMs, ...expiry, accessExpiresAtMs, endsAtMs };
  const grantId = engine.newId();
  return {
    name,
    grantId,
    client: clientName,
    params,
    lookups: lookupsOf(engine.keys, lookupTextOf(pair, clientName)),
    sealFor: (place) => sealPair(engine.keys, place, pair, about),
    // Without a refresh token, all connections of a client are one grant.
    mayLink: isShared || pair.refreshToken === undefined,
    linkPrefix: pair.refreshToken === undefined ? undefined : sharedPrefix,
    // A grant without a refresh token has none that was refused.
    givenAtMs: pair.refreshToken === undefined ? Infinity : givenAtMs(engine, tokens),
    due: dueOf({ id: grantId, generation: 1, epoch: 1 }, client, learned, about, {
      askedAtMs: undefined,
      nowMs,
    }),
  };
};

/** The stated moment in the time of the store, which stays ahead where the machine's clock was ahead once. */
const givenAtMs = ({ store, clock }: Engine, { obtainedAtMs }: Tokens): Millis | undefined =>
  obtainedAtMs === undefined ? undefined : obtainedAtMs + Math.max(0, store.nowMs() - clock.wallMs());

const TOKEN_MAX = 16_384;

const checkTokens = ({ provider }: Client, { refreshToken }: Tokens, isAsCame: boolean): void => {
  const isOdd = refreshToken !== undefined && (refreshToken.length > TOKEN_MAX || hasControls(refreshToken));
  if (isOdd && !isAsCame)
    throw new KeeperError(
      'token_invalid',
      'A refresh token is too long, or has control characters',
      'Give it as it came.',
    );
  if (provider.grantType === 'refresh_token' && (refreshToken === undefined || refreshToken === ''))
    throw new KeeperError(
      'refresh_token_missing',
      `A connection of ${provider.name} needs a refresh token`,
      'Give the refresh token of the code exchange.',
    );
  if (provider.grantType === 'client_credentials' && refreshToken !== undefined)
    throw new KeeperError(
      'refresh_token_unused',
      `${provider.name} has no refresh tokens`,
      'Put the connection with {}: its access token is fetched.',
    );
};

const YEARS_100_SECONDS = 100 * 365 * 86_400;

const checkNumbers = ({ expiresIn, refreshExpiresIn, obtainedAtMs }: Tokens): void => {
  for (const [name, value, most] of [
    ['expiresIn', expiresIn, YEARS_100_SECONDS],
    ['refreshExpiresIn', refreshExpiresIn, YEARS_100_SECONDS],
    ['obtainedAtMs', obtainedAtMs, Number.MAX_SAFE_INTEGER],
  ] as const)
    if (value !== undefined && !(value >= 0 && value <= most))
      throw new KeeperError(
        'number_invalid',
        `${name} is ${value}`,
        'Give lifetimes in seconds, and moments in milliseconds since 1970.',
      );
};
