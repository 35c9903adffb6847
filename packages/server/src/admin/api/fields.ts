import type { Sentence } from '../../language.ts';
import { Problem } from './problem.ts';

/** A JSON Schema, draft 2020-12, of the part that the admin API uses. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A field of a body or of a query: what it takes, and what it means. */
export type Field = {
  readonly schema: JsonSchema;
  readonly isRequired?: true;
  /** What it is, in one sentence. */
  readonly purpose: string;
};
export type Fields = Readonly<Record<string, Field>>;

const ALL_CAN_BE_SEEN = '^[^\\p{C}\\p{Zl}\\p{Zp}]*$';
const THREE_CAN_BE_SEEN = '^(?:[\\p{C}\\p{Z}]*[^\\p{C}\\p{Z}]){3}';
/** What is wrong with a text that does not match a pattern, after the name of the field. */
const PATTERN_FAULTS: Readonly<Record<string, Sentence>> = {
  [ALL_CAN_BE_SEEN]: {
    en: 'must not contain control or invisible characters',
    ko: '값에 제어 문자나 보이지 않는 문자를 넣을 수 없습니다.',
  },
  [THREE_CAN_BE_SEEN]: {
    en: 'has at least 3 characters that can be seen',
    ko: '값에는 보이는 문자가 3자 이상 있어야 합니다.',
  },
};

const UNKNOWN_PATTERN_FAULT: Sentence = { en: 'has another form', ko: '값의 형식이 올바르지 않습니다.' };

export const TEXT = { type: 'string', minLength: 1, maxLength: 500 } as const;
/** A name for people, of something that no owner sees: one line of what can be seen. */
export const NAME = { type: 'string', maxLength: 100, pattern: ALL_CAN_BE_SEEN } as const;
/** A text for people that says something: spaces alone do not. */
export const saying = (maxLength: number): JsonSchema => ({
  type: 'string',
  maxLength,
  pattern: THREE_CAN_BE_SEEN,
});
export const FLAG = { type: 'boolean' } as const;
export const wholeNumber = (minimum: number, maximum: number): JsonSchema => ({
  type: 'integer',
  minimum,
  maximum,
});
export const oneOf = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
export const textsOf = (items: JsonSchema, maxItems: number): JsonSchema => ({
  type: 'array',
  items,
  maxItems,
});

type Known = {
  readonly type: string | readonly string[];
  readonly enum?: readonly string[];
  readonly minLength?: 1;
  readonly maxLength?: number;
  /** One of `PATTERN_FAULTS`. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
};

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

/** The fields of forms, as the pages of the console name them. */
const KOREAN_NAMES: Readonly<Record<string, string>> = {
  reason: '사유',
  name: '이름',
  url: 'URL',
  format: '형식',
  state: '구분',
  clientId: '클라이언트',
  expiresInSeconds: '만료까지 시간(초)',
  overlapSeconds: '다른 시크릿이 끝날 때까지의 시간(초)',
  windowDays: '토큰을 교체해 주는 일수',
  addedRedirectUris: '리디렉션 URI',
  removedRedirectUris: '리디렉션 URI',
};

/** The name of a field in a sentence in Korean. `name`: of a field, or of a member of a list, as in `uris[0]`. */
export const inKorean = (name: string): string => KOREAN_NAMES[name.split('[', 1)[0] ?? ''] ?? name;

/** What is wrong with a value; `undefined` for nothing. */
export const faultOfValue = (name: string, value: unknown, schema: JsonSchema): Sentence | undefined => {
  const known = schema as Known;
  const types = [known.type].flat();
  if (!types.includes(typeOf(value)))
    return {
      en: `${name} must be of type ${types.join(' or ')}`,
      ko: `${inKorean(name)} 값의 형식이 올바르지 않습니다. 가능한 형식: ${types.join(', ')}`,
    };
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Infinity } = known;
    if (known.enum !== undefined && !known.enum.includes(value))
      return {
        en: `${name} must be one of ${known.enum.join(', ')}`,
        ko: `${inKorean(name)} 값은 다음 중 하나여야 합니다: ${known.enum.join(', ')}`,
      };
    if (value.length < minLength)
      return { en: `${name} must not be empty`, ko: `${inKorean(name)} 값이 비어 있습니다.` };
    if (value.length > maxLength)
      return {
        en: `${name} has at most ${maxLength} characters`,
        ko: `${inKorean(name)} 값은 ${maxLength}자 이하여야 합니다.`,
      };
    if (value.includes('\0'))
      return {
        en: `${name} must not contain NUL`,
        ko: `${inKorean(name)} 값에 NUL 문자를 넣을 수 없습니다.`,
      };
    if (known.pattern !== undefined && !new RegExp(known.pattern, 'u').test(value)) {
      const { en, ko } = PATTERN_FAULTS[known.pattern] ?? UNKNOWN_PATTERN_FAULT;
      return { en: `${name} ${en}`, ko: `${inKorean(name)} ${ko}` };
    }
  }
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity } = known;
    if (value < minimum || value > maximum)
      return {
        en: `${name} must be from ${minimum} to ${maximum}`,
        ko: `${inKorean(name)} 값은 ${minimum} 이상 ${maximum} 이하여야 합니다.`,
      };
  }
  if (!Array.isArray(value)) return undefined;
  const { maxItems = Infinity, items = { type: 'string' } } = known;
  if (value.length > maxItems)
    return {
      en: `${name} has at most ${maxItems} members`,
      ko: `${inKorean(name)} 항목은 ${maxItems}개 이하여야 합니다.`,
    };
  return value
    .map((one: unknown, index) => faultOfValue(`${name}[${index}]`, one, items))
    .find((fault) => fault !== undefined);
};

/** Checks values against their fields. Throws `Problem` with every fault, unknown names among them. */
export const checkFields = (
  values: Readonly<Record<string, unknown>>,
  fields: Fields,
  code: 'request_invalid' | 'body_invalid',
): void => {
  const faults: readonly Sentence[] = [
    ...Object.keys(values)
      .filter((name) => !Object.hasOwn(fields, name))
      .map((name) => ({
        en: `unknown ${code === 'body_invalid' ? 'member' : 'parameter'} ${name}`,
        ko: `알 수 없는 ${code === 'body_invalid' ? '항목' : '매개변수'}입니다: ${name}`,
      })),
    ...Object.entries(fields).flatMap(([name, { schema, isRequired }]) => {
      const value = values[name];
      if (value === undefined)
        return isRequired === true
          ? [{ en: `${name} is missing`, ko: `${inKorean(name)} 값이 없습니다.` }]
          : [];
      return faultOfValue(name, value, schema) ?? [];
    }),
  ];
  if (faults.length > 0) throw new Problem(code, ...faults);
};

/** Values of a query in the types of their fields. Throws `Problem`, also for a name that is there twice. */
export const readQuery = (query: URLSearchParams, fields: Fields): Readonly<Record<string, unknown>> => {
  // Without a prototype, so that no name means anything here.
  const values = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of query) {
    if (Object.hasOwn(values, name))
      throw new Problem('request_invalid', {
        en: `${name} is there twice`,
        ko: `${inKorean(name)} 값이 두 번 있습니다.`,
      });
    const type = (fields[name]?.schema as Known | undefined)?.type;
    values[name] = type === 'integer' && /^\d{1,16}$/.test(text) ? Number(text) : text;
  }
  checkFields(values, fields, 'request_invalid');
  return values;
};

/** A body of JSON. Throws `Problem`. */
export const readJsonBody = (
  text: string,
  contentType: string | undefined,
  fields: Fields,
): Readonly<Record<string, unknown>> => {
  if (text === '' && Object.values(fields).every(({ isRequired }) => isRequired !== true)) return {};
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? ''))
    throw new Problem('request_invalid', {
      en: 'Content-Type must be application/json',
      ko: 'Content-Type은 application/json이어야 합니다.',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('request_invalid', { en: 'the body is not JSON', ko: '본문이 JSON이 아닙니다.' });
  }
  if (typeOf(value) !== 'object')
    throw new Problem('body_invalid', {
      en: 'the body must be a JSON object',
      ko: '본문은 JSON 객체여야 합니다.',
    });
  const values = value as Readonly<Record<string, unknown>>;
  checkFields(values, fields, 'body_invalid');
  return values;
};
