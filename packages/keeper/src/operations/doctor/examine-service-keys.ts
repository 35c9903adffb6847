import { isKeyBound } from '../../service/bind-key.ts';
import type { Store } from '../../stores/store.ts';
import type { KeyRing } from '../../vault/key-ring.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** So many names are shown. */
const NAMED_MAX = 5;

/** Checks that the service accepts its keys: it refuses those whose rows were not written with the keeper's keys. */
export const examineServiceKeys = async (
  store: Pick<Store, 'serviceKeys'>,
  keys: KeyRing,
): Promise<readonly Finding[]> => {
  const all = await store.serviceKeys();
  const refused = all.filter((key) => !isKeyBound(keys, key)).map(({ name }) => name);
  if (all.length === 0) return [];
  if (refused.length === 0) return [ok('service keys', `${all.length}, all accepted`)];
  const more = refused.length > NAMED_MAX ? ` and ${refused.length - NAMED_MAX} more` : '';
  return [
    bad(
      'service keys',
      'warn',
      `refused, because their rows were not written with the keeper's key: ${refused.slice(0, NAMED_MAX).join(', ')}${more}`,
      'Remove each with "keyfob-keeper key rm NAME", and make it again with "keyfob-keeper key add". A name that nobody here gave: somebody else writes to the database.',
    ),
  ];
};
