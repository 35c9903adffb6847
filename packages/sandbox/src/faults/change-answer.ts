import type { WireResponse } from '@keyfob/server/wire';
import type { FaultAction } from './fault.ts';

/** The tokens that a request carried. */
export type SentTokens = { readonly refreshToken: string | undefined };

/** Actions that change the server's own answer. */
export type AnswerChange = Extract<
  FaultAction,
  | { readonly truncateBody: number }
  | { readonly omit: readonly string[] }
  | { readonly repeat: readonly string[] }
  | { readonly sameToken: true }
  | { readonly expiresIn: unknown }
>;

type Members = Readonly<Record<string, unknown>>;

/** The names of the members of a token answer, in every dialect. */
const REFRESH_TOKEN = ['refresh_token', 'refreshToken'];
const EXPIRES_IN = ['expires_in', 'expiresIn'];

/** The answer, changed. One that is no JSON object stays, except that a body can always be truncated. */
export const changeAnswer = (
  action: AnswerChange,
  answer: WireResponse,
  { refreshToken }: SentTokens,
): WireResponse => {
  if ('truncateBody' in action)
    return { ...answer, body: Buffer.from(answer.body).subarray(0, action.truncateBody).toString() };
  const members = readMembers(answer.body);
  if (members === undefined) return answer;
  if ('omit' in action) return withBody(answer, omit(members, action.omit));
  if ('repeat' in action) return { ...answer, body: repeat(answer.body, members, action.repeat) };
  if ('sameToken' in action)
    return refreshToken === undefined
      ? answer
      : withBody(answer, replace(members, REFRESH_TOKEN, refreshToken));
  const { expiresIn } = action;
  const replaced = replace(members, EXPIRES_IN, expiresIn);
  // A dialect whose answers have no lifetime gets one, because that is what the fault is about.
  const isThere = JSON.stringify(replaced) !== JSON.stringify(members);
  return withBody(answer, isThere ? replaced : { ...members, expires_in: expiresIn });
};

/** The members of a JSON object; `undefined` for anything else. */
const readMembers = (body: string): Members | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
};

const withBody = (answer: WireResponse, members: Members): WireResponse => ({
  ...answer,
  body: JSON.stringify(members),
});

/** Without these members, wherever they are: Pleos has them one level down. */
const omit = (members: Members, names: readonly string[]): Members =>
  mapMembers(members, (name, value) => (names.includes(name) ? undefined : [name, value]));

const replace = (members: Members, names: readonly string[], value: unknown): Members =>
  mapMembers(members, (name, old) => [name, names.includes(name) ? value : old]);

const mapMembers = (
  members: Members,
  map: (name: string, value: unknown) => readonly [string, unknown] | undefined,
): Members =>
  Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => {
      const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
      const mapped = map(name, isNested ? mapMembers(value as Members, map) : value);
      return mapped === undefined ? [] : [mapped];
    }),
  );

/** The text with each of these members once more, right after itself, as no JSON writer would write it. */
const repeat = (body: string, members: Members, names: readonly string[]): string => {
  let text = body;
  for (const [name, value] of allMembers(members)) {
    const written = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
    if (names.includes(name)) text = text.replace(written, () => `${written},${written}`);
  }
  return text;
};

const allMembers = (members: Members): readonly (readonly [string, unknown])[] =>
  Object.entries(members).flatMap(([name, value]) => [
    [name, value] as const,
    ...(typeof value === 'object' && value !== null && !Array.isArray(value)
      ? allMembers(value as Members)
      : []),
  ]);
