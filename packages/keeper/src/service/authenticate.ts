import { StoreError } from '../errors.ts';
import type { ServiceKey, ServiceScope } from '../stores/service-keys.ts';
import type { KeyBook } from './key-book.ts';
import { Problem, retryAfter } from './problem.ts';
import type { WrongKeys } from './wrong-keys.ts';

const BEARER = /^bearer +(?<text>\S+) *$/i;
const HOW = 'Send "Authorization: Bearer KEY"; "keyfob-keeper key add" makes a key.';

/** The key of a request that may do this. Throws `Problem`. Nothing of any grant was read before. */
export const authenticate = (
  { book, wrongKeys }: { readonly book: KeyBook; readonly wrongKeys: WrongKeys },
  authorization: string | undefined,
  scope: ServiceScope,
  address: () => string,
): ServiceKey | Promise<ServiceKey> => {
  if (authorization === undefined || authorization === '')
    throw new Problem('key_missing', 'The request has no key', { remedy: HOW }, challenge());
  const text = BEARER.exec(authorization)?.groups?.['text'];
  const found = text === undefined ? undefined : book.find(text);
  if (!(found instanceof Promise)) return check(found, scope, wrongKeys, address);
  return found
    .catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      const detail = 'The key cannot be checked while the store is away';
      throw new Problem('store_unavailable', detail, { remedy: 'Try again.' }, retryAfter(1000));
    })
    .then((key) => check(key, scope, wrongKeys, address));
};

const check = (
  key: ServiceKey | undefined,
  scope: ServiceScope,
  wrongKeys: WrongKeys,
  address: () => string,
): ServiceKey => {
  if (key === undefined) {
    const waitMs = wrongKeys.note(address());
    if (waitMs !== undefined)
      throw new Problem(
        'too_many_wrong_keys',
        'Too many wrong keys came from this address',
        { remedy: 'Correct the key, and wait. A right key is not refused meanwhile.' },
        retryAfter(waitMs),
      );
    throw new Problem(
      'key_refused',
      'The key is unknown, removed, over, or not accepted',
      { remedy: `"keyfob-keeper key ls" shows which keys are accepted. ${HOW}` },
      challenge('invalid_token'),
    );
  }
  if (!key.scopes.includes(scope))
    throw new Problem(
      'scope_missing',
      `The key has not the scope ${scope}`,
      { remedy: `Use a key with the scope ${scope}.` },
      challenge('insufficient_scope', scope),
    );
  return key;
};

/** @see RFC 6750 §3 */
const challenge = (error?: string, scope?: string): Readonly<Record<string, string>> => ({
  'www-authenticate': [
    'Bearer realm="keyfob-keeper"',
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ].join(', '),
});

/** Throws `Problem` where the key does not see connections of this name. */
export const checkVisible = ({ namePrefix }: ServiceKey, name: string): void => {
  if (namePrefix === undefined || name.startsWith(namePrefix)) return;
  throw new Problem('name_not_visible', `The key sees only names that begin with "${namePrefix}"`, {
    remedy: 'Use a key for this name.',
  });
};
