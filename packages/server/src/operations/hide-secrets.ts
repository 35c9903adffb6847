import { openToken } from './open-token.ts';

/** Operator keys, client secrets, JWTs, and secrets of sessions and links are at least so long, and have no other characters. */
const SECRET = /[\w-]{40,}/g;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const LEFT_OUT = '[left out]';
const UUIDS_MAX = 8;

/** Text without what looks like a secret: people paste what they have at hand. */
export const hideSecrets = (text: string): string => text.replaceAll(SECRET, LEFT_OUT);

/**
 * Whether a text that is going to be stored holds a secret or a token. A UUID may be one, or the id of a client or a request, so
 * it is opened. Throws `StoreError`.
 */
export const holdsSecret = async (
  context: Parameters<typeof openToken>[0],
  text: string,
): Promise<boolean> => {
  if (hideSecrets(text) !== text) return true;
  for (const uuid of (text.match(UUID) ?? []).slice(0, UUIDS_MAX))
    if ((await openToken(context, uuid)) !== undefined) return true;
  return false;
};
