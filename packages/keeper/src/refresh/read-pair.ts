import { LIFETIME_MAX_SECONDS } from '../grants/expiry.ts';
import type { StatedLifetimes } from '../grants/expiry.ts';
import type { Pair } from '../grants/grant.ts';
import type { AnswerField, Provider } from '../providers/provider.ts';
import { textAt, valueAt } from '../providers/text-at.ts';

const ACCESS_TOKEN_MAX = 16_384;

/** Whether a header can hold it: otherwise the client that sends it throws, and quotes it in its error. */
export const isUsable = (accessToken: string): boolean =>
  accessToken.length <= ACCESS_TOKEN_MAX && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(accessToken);

/** Two names of the tokens, at the top or in an envelope that the profile does not know. */
const USUAL_NAMES = [
  { access: 'access_token', refresh: 'refresh_token' },
  { access: 'accessToken', refresh: 'refreshToken' },
] as const;

/**
 * The tokens of a success. The access token is empty where there is none that a header can hold: the refresh token alone is
 * kept then, because it may be the only one that lives. `undefined` where nothing can be kept, and where the refresh token is
 * there but cannot be read. `sent` is the token that was sent: alone, it is nothing new.
 */
export const readPair = (provider: Provider, body: unknown, sent?: string): Pair | undefined => {
  const at = (field: AnswerField): unknown => {
    const path = provider.answer[field];
    return path === undefined ? undefined : valueAt(body, path);
  };
  const refresh = at('refreshToken');
  const refreshToken = readText(refresh);
  if (refresh !== undefined && refresh !== null && refresh !== '' && refreshToken === undefined)
    return undefined;
  const access = readText(at('accessToken')) ?? '';
  const accessToken = isUsable(access) ? access : '';
  if (accessToken === '' && (refreshToken === undefined || refreshToken === sent))
    return pairInEnvelope(body);
  const scope = readText(at('scope'));
  return { accessToken, refreshToken, ...(scope === undefined ? {} : { scope }) };
};

const readText = (value: unknown): string | undefined =>
  typeof value === 'number' ? String(value) : typeof value === 'string' && value !== '' ? value : undefined;

/** Both tokens by their usual names in another place: in a list of one, or one level deeper. One alone may be anything. */
const pairInEnvelope = (body: unknown): Pair | undefined => {
  const top: unknown = Array.isArray(body) && body.length === 1 ? body[0] : body;
  if (typeof top !== 'object' || top === null || Array.isArray(top)) return undefined;
  for (const one of [top, ...Object.values(top)])
    for (const { access, refresh } of USUAL_NAMES) {
      const accessToken = textAt(one, access);
      const refreshToken = textAt(one, refresh);
      if (accessToken === undefined || refreshToken === undefined || refreshToken === '') continue;
      if (isUsable(accessToken)) return { accessToken, refreshToken };
    }
  return undefined;
};

/** What a body says about lifetimes. Nonsense counts as nothing. */
export const statedIn = ({ answer }: Provider, body: unknown): StatedLifetimes => ({
  expiresIn: secondsAt(body, answer.expiresIn),
  refreshExpiresIn: secondsAt(body, answer.refreshExpiresIn),
});

const secondsAt = (body: unknown, path: string | undefined): number | undefined => {
  const value = Number(path === undefined ? undefined : textAt(body, path));
  return Number.isFinite(value) && value > 0 && value < LIFETIME_MAX_SECONDS ? Math.floor(value) : undefined;
};
