import { openToken } from './open-token.ts';

/** Operator keys, client secrets, JWTs, and secrets of sessions and links are at least so long, and have no other characters. */
const SECRET = /[\w-]{40,}/g;
const LEFT_OUT = '[left out]';

/**
 * What may be a token of some dialect, or of a service that grants came from: whole words, and the parts of words that have the form
 * of a token. Ids have it too, so each is opened.
 */
const FORMS = [/[\w.~+/=-]{20,}/g, /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, /[A-Za-z0-9]{30,}/g];
const OPENED_MAX = 60;

/** Text without what looks like a secret: people paste what they have at hand. */
export const hideSecrets = (text: string): string => text.replaceAll(SECRET, LEFT_OUT);

/** Text without tokens, in whatever form. Throws `StoreError`. */
const hideTokens = async (context: Parameters<typeof openToken>[0], text: string): Promise<string> => {
  const words = new Set(FORMS.flatMap((form) => text.match(form) ?? []));
  let left = text;
  for (const word of [...words].slice(0, OPENED_MAX))
    if ((await openToken(context, word)) !== undefined) left = left.replaceAll(word, LEFT_OUT);
  return left;
};

/** Whether a text that is going to be stored holds a secret or a token. Throws `StoreError`. */
export const holdsSecret = async (
  context: Parameters<typeof openToken>[0],
  text: string,
): Promise<boolean> => {
  const hidden = hideSecrets(text);
  return hidden !== text || (await hideTokens(context, text)) !== text;
};

/** Details for the audit log, without tokens: somebody may give one where an id is expected. Throws `StoreError`. */
export const detailsWithoutTokens = async (
  context: Parameters<typeof openToken>[0],
  details: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> => {
  const text = JSON.stringify(details);
  const hidden = await hideTokens(context, text);
  return hidden === text ? details : (JSON.parse(hidden) as Readonly<Record<string, unknown>>);
};
