import { KeeperError } from '../../errors.ts';
import type { Identity, KeyPage, Store } from '../../stores/store.ts';
import { sleep, systemClock } from '../../time.ts';
import { isBoundWithOlderKey } from '../../vault/bind.ts';
import type { KeyRing } from '../../vault/key-ring.ts';
import { keyIdOf, unseal } from '../../vault/seal.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** All that is sealed or bound with a key. */
type KeyedRows = Pick<Store, 'grantsUnderOtherKeys' | 'answersUnderOtherKeys' | 'links' | 'serviceKeys'>;

/** Checks that the key opens the store, and counts what is still sealed with older keys. */
export const examineKeys = async (
  store: KeyedRows,
  { keyCheck, deploymentId }: Identity,
  keys: KeyRing,
): Promise<readonly Finding[]> => {
  if (keyCheck === undefined) return [ok('key', `${keys.current.id}, for a store that is new`)];
  if (!keys.all.some(({ id }) => id === keyIdOf(keyCheck)))
    return [
      bad(
        'key',
        'fail',
        `the store was sealed with the key ${keyIdOf(keyCheck)}, which is not given`,
        'Give the key that this store was made with; a new key goes before it.',
      ),
    ];
  try {
    unseal(keys, { row: deploymentId, column: 'key_check', turn: '1' }, keyCheck);
  } catch (error) {
    if (!(error instanceof KeeperError)) throw error;
    return [bad('key', 'fail', 'the key does not open the store', error.remedy)];
  }
  const others = await countUnderOtherKeys(store, keys);
  if (others.length === 0)
    return [
      ok('key', `${keys.current.id} seals everything`),
      ...(keys.all.length > 1
        ? [bad('old keys', 'warn', `${keys.all.length - 1} given, and not needed`, 'Remove them.')]
        : []),
    ];
  const finding = `sealed with an older key: ${others.join(', ')}`;
  return [bad('old keys', 'warn', finding, 'Run "keyfob-keeper rekey".')];
};

const COUNTED_MAX = 1000;
const LOOK_AT_ONCE = 1000;

/** What still needs an older key, by kind. Whole tables are gone through where nothing does, in pages. */
const countUnderOtherKeys = async (store: KeyedRows, keys: KeyRing): Promise<readonly string[]> => {
  const keyId = Buffer.from(keys.current.id, 'hex');
  const isOlder = ({ binding }: { readonly binding: Uint8Array }): boolean =>
    isBoundWithOlderKey(keys, binding);
  const counts: readonly (readonly [string, number])[] = [
    ['grants', await countPages((after) => store.grantsUnderOtherKeys(keyId, after, LOOK_AT_ONCE))],
    ['waiting answers', await countPages((after) => store.answersUnderOtherKeys(keyId, after, LOOK_AT_ONCE))],
    [
      'connections',
      await countPages(async (after) => {
        const page = await store.links(after, LOOK_AT_ONCE);
        const next = page.length < LOOK_AT_ONCE ? undefined : page.at(-1)?.name;
        return { rows: page.filter(isOlder), after: next };
      }),
    ],
    ['service keys', (await store.serviceKeys()).filter(isOlder).length],
  ];
  return counts
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count >= COUNTED_MAX ? `${COUNTED_MAX} or more` : count} of the ${kind}`);
};

const countPages = async <Row>(read: (after: string) => Promise<KeyPage<Row>>): Promise<number> => {
  let found = 0;
  for (let after: string | undefined = ''; after !== undefined && found < COUNTED_MAX;) {
    const page: KeyPage<Row> = await read(after);
    found += page.rows.length;
    after = page.after;
    await sleep(systemClock, 0);
  }
  return found;
};
