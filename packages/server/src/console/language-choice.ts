import type { AdminAnswer, AdminRequest } from '../admin/exchange.ts';
import { pickLanguage } from '../language.ts';
import type { Language } from '../language.ts';

const CHOICE = /(?:^|; )keyfob-language=(?<language>[a-z]{2})/;

/** The language of the answer: the one the address names, else the one chosen before, else what the browser prefers. */
export const languageOf = ({ query, headers }: AdminRequest): Language => {
  const chosen = CHOICE.exec(headers.cookie ?? '')?.groups?.['language'];
  return pickLanguage(query.get('lang') ?? chosen, headers['accept-language']);
};

/**
 * The answer, with a cookie of the language if the address names it, signed in or not. A choice lasts a year. `Lax`: a provider
 * leads back from its own site.
 */
export const keepLanguage = (
  answered: AdminAnswer,
  { query }: AdminRequest,
  language: Language,
): AdminAnswer => {
  if (query.get('lang') !== language) return answered;
  const cookie = `keyfob-language=${language}; Path=/console; Max-Age=31536000; HttpOnly; SameSite=Lax`;
  const { 'Set-Cookie': others = [], ...headers } = answered.headers ?? {};
  return { ...answered, headers: { ...headers, 'Set-Cookie': [others, cookie].flat() } };
};
