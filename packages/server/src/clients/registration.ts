import type { Sentence } from '../language.ts';
import { hash } from 'node:crypto';
import * as v from 'valibot';
import type { Millis, Seconds } from '../clock.ts';
import type { Randomness } from '../randomness.ts';
import type { Policy } from './policy.ts';

/** Metadata of a client as JSON has it. @see RFC 7591 §2 */
export type ClientMetadata = Readonly<Record<string, unknown>>;

/** What clients get that register themselves with a registration token. */
export type RegistrationTerms = {
  /** The name of a dialect. */
  readonly dialect: string;
  readonly profile: NonNullable<Policy['profile']>;
  /** The most that owners may grant them, space separated. */
  readonly grantScope: string;
  /** Whether their first registration counts as approved. */
  readonly isApproved: boolean;
};

/** Lets an app register a client (the initial access token of RFC 7591 §3). It is shown once; the store has its digest. */
export type RegistrationToken = {
  readonly id: string;
  /** Whom it is for, for people. */
  readonly name: string;
  /** SHA-256, 32 bytes, of a token with 256 random bits. */
  readonly digest: Uint8Array;
  readonly terms: RegistrationTerms;
  readonly usesLeft: number;
  readonly createdAtMs: Millis;
  readonly expiresAtMs: Millis;
};

/** How many registration tokens a store has at most, how many clients one registers, and how long it works. */
export const REGISTRATION_TOKENS_MAX = 100;
export const REGISTRATION_USES_MAX = 100;
export const REGISTRATION_TOKEN_MAX_SECONDS: Seconds = 400 * 86_400;

/** How a client registered itself, and what an operator decided about it. */
export type Registration = {
  readonly terms: RegistrationTerms;
  /**
   * Counts what the client asked for, so that an operator approves what was read and nothing newer; and approvals, so that no
   * update that was judged before one is made after it.
   */
  readonly version: number;
  /** When an operator approved it first; `undefined` while it waits, disabled. */
  readonly approvedAtMs: Millis | undefined;
  /**
   * Digests of the tokens by which the client manages it (RFC 7592), in hexadecimal digits, the newest first. The one before
   * works until the newest one is used, because its answer may have been lost. None once the client has ended it.
   */
  readonly tokens: readonly string[];
  /** What the client asks to become instead. Absent for nothing. */
  readonly proposed?: ClientMetadata;
};

/** A change of a registration. `version`: of the one that was read. */
export type RegistrationChange =
  | { readonly kind: 'approved'; readonly version: number; readonly atMs: Millis }
  | { readonly kind: 'refused'; readonly version: number }
  /** Its client asked for something else. `used` and `next`: digests of tokens. */
  | {
      readonly kind: 'changed';
      readonly version: number;
      readonly used: string;
      readonly next: string;
      readonly proposed: ClientMetadata | undefined;
    }
  /** The newest token was used. */
  | { readonly kind: 'used'; readonly used: string }
  | { readonly kind: 'ended'; readonly used: string };

/** The only faults of a change of a registration. */
export const REGISTRATION_CHANGED: Sentence = {
  en: 'the registration was changed meanwhile: look at it again',
  ko: '그사이 등록 내용이 바뀌었습니다. 다시 확인하세요.',
};
export const REGISTRATION_TOKEN_GONE: Sentence = {
  en: 'the registration access token is not valid any more',
  ko: '등록 액세스 토큰이 더 이상 유효하지 않습니다.',
};

/** The changed registration, absent where an operator registered the client, or why it cannot be changed so. */
export const changeRegistration = (
  registration: Registration | undefined,
  change: RegistrationChange | undefined,
): { readonly registration?: Registration } | { readonly faults: readonly [Sentence] } => {
  if (change === undefined) return registration === undefined ? {} : { registration };
  if (registration === undefined)
    return {
      faults: [{ en: 'the client did not register itself', ko: '스스로 등록한 클라이언트가 아닙니다.' }],
    };
  const { tokens, version } = registration;
  if ('used' in change && !tokens.includes(change.used)) return { faults: [REGISTRATION_TOKEN_GONE] };
  if ('version' in change && change.version !== version) return { faults: [REGISTRATION_CHANGED] };
  const { proposed: _, ...rest } = registration;
  switch (change.kind) {
    case 'approved':
      return {
        registration: { ...rest, version: version + 1, approvedAtMs: rest.approvedAtMs ?? change.atMs },
      };
    case 'refused':
      return { registration: rest };
    case 'changed': {
      const proposed = change.proposed === undefined ? {} : { proposed: change.proposed };
      const next = [change.next, change.used];
      return { registration: { ...rest, version: version + 1, tokens: next, ...proposed } };
    }
    case 'used':
      return { registration: { ...registration, tokens: [change.used] } };
    case 'ended':
      return { registration: { ...rest, version: version + 1, tokens: [] } };
  }
};

/** Whether an operator has to look at it. */
export const waitsForApproval = ({
  registration,
}: {
  readonly registration?: Registration | undefined;
}): boolean =>
  registration !== undefined &&
  registration.tokens.length > 0 &&
  (registration.approvedAtMs === undefined || registration.proposed !== undefined);

const TOKEN = /^kf[ir]_[A-Za-z0-9_-]{43}$/;

/** A new token: `i` for one that registers, `r` for one that manages a registration. 256 random bits after a prefix for scanners. */
export const createRegistrationTokenText = (kind: 'i' | 'r', randomness: Pick<Randomness, 'bytes'>): string =>
  `kf${kind}_${randomness.bytes(32).toString('base64url')}`;

/** Whether a text has the form of such a token, so that nothing else is looked up. */
export const isRegistrationTokenText = (text: string): boolean => TOKEN.test(text);

/** The stored form of such a token. */
export const digestRegistrationToken = (text: string): Buffer => hash('sha256', text, 'buffer');

const termsSchema = v.strictObject({
  dialect: v.string(),
  profile: v.picklist(['none', 'fapi2']),
  grantScope: v.string(),
  isApproved: v.boolean(),
});
const schema = v.strictObject({
  terms: termsSchema,
  version: v.number(),
  approvedAtMs: v.nullable(v.number()),
  tokens: v.array(v.string()),
  proposed: v.optional(v.record(v.string(), v.unknown())),
});

/** Terms as one JSON object, as stores keep them. */
export const writeTerms = (terms: RegistrationTerms): string => JSON.stringify(terms);

/** The terms from that JSON; `undefined` for anything else. */
export const readTerms = (text: string): RegistrationTerms | undefined => {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), termsSchema), text);
  return result.success ? result.output : undefined;
};

/** A registration as one JSON object, as stores keep it; `null` for none. */
export const writeRegistration = (registration: Registration | undefined): string | null =>
  registration === undefined
    ? null
    : JSON.stringify({ ...registration, approvedAtMs: registration.approvedAtMs ?? null });

/** The registration from that JSON, absent where there is none; `undefined` for anything else. */
export const readRegistration = (
  text: string | undefined,
): { readonly registration?: Registration } | undefined => {
  if (text === undefined) return {};
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (!result.success) return undefined;
  const { proposed, approvedAtMs, ...rest } = result.output;
  return {
    registration: {
      ...rest,
      approvedAtMs: approvedAtMs ?? undefined,
      ...(proposed === undefined ? {} : { proposed }),
    },
  };
};
