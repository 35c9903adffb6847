import { readGrantId, writeGrantId } from '../../../tokens/grant-id.ts';
import type { GrantId } from '../../../tokens/grant-id.ts';
import { readDeliveryPlace } from '../../../outbox/delivery.ts';
import type { DeliveryPlace } from '../../../outbox/delivery.ts';
import { readClientPlace, writeClientPlace } from '../../../clients/client-search.ts';
import type { ClientPlace } from '../../../clients/client-search.ts';
import { wholeNumber } from '../fields.ts';
import type { Fields } from '../fields.ts';
import type { Sentence } from '../../../language.ts';
import { Problem } from '../problem.ts';

export const LIMIT_MAX = 200;
const LIMIT = 50;

/** The fields of every list: how many, and where it goes on. */
export const PAGE_FIELDS = {
  limit: { schema: wholeNumber(1, LIMIT_MAX), purpose: `How many at most; ${LIMIT} if it is absent.` },
  after: {
    schema: { type: 'string', maxLength: 64 },
    purpose: 'The `next` of the page before. It stays valid however much is added or removed.',
  },
} as const satisfies Fields;

/** The same for a list of clients, whose places have an id that an operator chose. */
export const CLIENT_PAGE_FIELDS = {
  ...PAGE_FIELDS,
  after: { ...PAGE_FIELDS.after, schema: { type: 'string', maxLength: 300 } },
} as const satisfies Fields;

export const limitOf = ({ limit }: Readonly<Record<string, unknown>>): number =>
  typeof limit === 'number' ? limit : LIMIT;

/** What is wrong with a text that is no id of a grant. */
export const GRANT_ID_FORM: Sentence = {
  en: 'a grant id has 16 hexadecimal digits',
  ko: '그랜트 ID는 16자리 16진수입니다.',
};

const invalid = (): Problem =>
  new Problem('request_invalid', {
    en: 'after must be the next of an earlier page',
    ko: 'after는 앞 페이지의 next여야 합니다.',
  });

/** Where a list of grants goes on. Throws `Problem`. */
export const grantAfter = ({ after }: Readonly<Record<string, unknown>>): GrantId | undefined => {
  if (after === undefined) return undefined;
  const id = typeof after === 'string' ? readGrantId(after) : undefined;
  if (id === undefined) throw invalid();
  return id;
};

export const nextGrant = (next: GrantId | undefined): string | null =>
  next === undefined ? null : writeGrantId(next);

/** Where a list with numbers goes on. Throws `Problem`. */
export const sequenceAfter = ({ after }: Readonly<Record<string, unknown>>): number | undefined => {
  if (after === undefined) return undefined;
  if (typeof after !== 'string' || !/^\d{1,16}$/.test(after)) throw invalid();
  return Number(after);
};

/** Where a list of deliveries goes on. Throws `Problem`. */
export const deliveryAfter = ({ after }: Readonly<Record<string, unknown>>): DeliveryPlace | undefined => {
  if (after === undefined) return undefined;
  const place = typeof after === 'string' ? readDeliveryPlace(after) : undefined;
  if (place === undefined) throw invalid();
  return place;
};

/** Where a list of clients goes on. Throws `Problem`. */
export const clientAfter = ({ after }: Readonly<Record<string, unknown>>): ClientPlace | undefined => {
  if (after === undefined) return undefined;
  const place = typeof after === 'string' ? readClientPlace(after) : undefined;
  if (place === undefined) throw invalid();
  return place;
};

export const nextClient = (next: ClientPlace | undefined): string | null =>
  next === undefined ? null : writeClientPlace(next);

/** The grant that a path names. Throws `Problem`. */
export const grantOfPath = ({ grantId = '' }: Readonly<Record<string, string>>): GrantId => {
  const id = readGrantId(grantId);
  if (id === undefined) throw new Problem('not_found', GRANT_ID_FORM);
  return id;
};

/** A moment of a query or a body, ISO 8601. Throws `Problem`. */
export const momentOf = (name: string, value: unknown): number | undefined => {
  if (value === undefined) return undefined;
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new Problem('request_invalid', {
      en: `${name} must be a moment in ISO 8601`,
      ko: `${name} 값은 ISO 8601 형식의 시각이어야 합니다.`,
    });
  return atMs;
};
