import type { WireResponse } from '@keyfob/server/wire';
import type { JournalAnswer } from '../journal/entry.ts';
import { redact } from '../journal/redact.ts';
import { noteIssued } from '../grants/note-issued.ts';
import { nameOfToken } from '../grants/token-names.ts';
import type { World } from '../worlds/world.ts';

type TokenMembers = {
  readonly refreshToken: string | undefined;
  readonly accessToken: string | undefined;
  readonly error: string | undefined;
};

/** An answer as the journal shows it: its tokens by their names, and its error code. */
export const describeAnswer = async (
  { tokens, clock }: World,
  { status, headers, body }: WireResponse,
  { isMadeUp }: { readonly isMadeUp: boolean },
): Promise<JournalAnswer> => {
  const { refreshToken, accessToken, error } = readMembers(body);
  const name = async (text: string | undefined): Promise<string | undefined> =>
    text === undefined ? undefined : nameOfToken(tokens, text);
  return {
    status,
    refreshToken: await name(refreshToken),
    accessToken: await name(accessToken),
    error: error === undefined ? undefined : redact(error),
    retryAfterSeconds: readRetryAfter(headers, clock.serverNow()),
    isMadeUp,
  };
};

/** Seconds, or the time until a date (RFC 9110 section 10.2.3). */
const readRetryAfter = (headers: WireResponse['headers'], nowMs: number): number | undefined => {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
};

/** Notes when the access token of an answer ends. */
export const noteAccess = async (world: World, answer: WireResponse | undefined): Promise<void> => {
  const text = answer === undefined ? undefined : readMembers(answer.body).accessToken;
  if (text !== undefined) await noteIssued(world, text);
};

/** The members of a token answer, in every dialect. */
const readMembers = (body: string): TokenMembers => {
  const nothing = { refreshToken: undefined, accessToken: undefined, error: undefined };
  if (!body.startsWith('{')) return nothing;
  try {
    const members = JSON.parse(body) as Members;
    const data = (members['data'] ?? members) as Members;
    const error = members['error'];
    return {
      refreshToken: textOf(data['refresh_token'] ?? data['refreshToken']),
      accessToken: textOf(data['access_token'] ?? data['accessToken']),
      error: textOf(typeof error === 'object' && error !== null ? (error as Members)['code'] : error),
    };
  } catch {
    return nothing;
  }
};

type Members = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
