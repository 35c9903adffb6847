import type { Identity, Store } from '../stores/store.ts';
import { lookupKeyOf } from '../vault/key-ring.ts';
import type { KeyRing, LookupKey } from '../vault/key-ring.ts';
import { keyIdOf, seal, unseal } from '../vault/seal.ts';

/** What the sealed text that checks the key says. */
export type KeyCheck = {
  /** Whether every row of a connection is bound. In a store of an earlier version it is not. */
  readonly isBound: boolean;
  readonly former: readonly LookupKey[];
};

type Checked = Pick<Identity, 'deploymentId' | 'keyCheck'>;

/** So many keys are remembered, the newest ones: a token that was used is recognised for 90 days. */
const FORMER_MAX = 16;
const BOUND = 'connections bound';

const bindingOf = (deploymentId: string) => ({ row: deploymentId, column: 'key_check', turn: '1' });

/** The first line has the id of the store and whether it is bound, each other one a former key. Throws `KeeperError` where no key opens it. */
export const readKeyCheck = ({ deploymentId, keyCheck }: Checked, keys: KeyRing): KeyCheck => {
  // A store that is new has no row that is not bound.
  if (keyCheck === undefined) return { isBound: true, former: [] };
  const [first, ...lines] = unseal(keys, bindingOf(deploymentId), keyCheck).split('\n');
  const former = lines.map((line) => {
    const [id = '', secret = ''] = line.split(' ');
    return { id, secret: Buffer.from(secret, 'base64url') };
  });
  return { isBound: first === `${deploymentId} ${BOUND}`, former };
};

/** Writes the text, sealed with the current key. The other keys of the ring are among the former ones from then on. */
export const writeKeyCheck = async (
  store: Pick<Store, 'writeKeyCheck'>,
  { deploymentId }: Pick<Identity, 'deploymentId'>,
  keys: KeyRing,
  check: KeyCheck,
): Promise<void> => {
  const first = check.isBound ? `${deploymentId} ${BOUND}` : deploymentId;
  const lines = rememberedOf(keys, check).map(
    ({ id, secret }) => `${id} ${Buffer.from(secret).toString('base64url')}`,
  );
  await store.writeKeyCheck(seal(keys, bindingOf(deploymentId), [first, ...lines].join('\n')));
};

/** Whether the text is of the current key, and remembers the others. */
export const isUpToDate = ({ keyCheck }: Checked, keys: KeyRing, check: KeyCheck): boolean =>
  keyCheck !== undefined &&
  keyIdOf(keyCheck) === keys.current.id &&
  rememberedOf(keys, check).length === check.former.length;

const rememberedOf = ({ current, all }: KeyRing, { former }: KeyCheck): readonly LookupKey[] => {
  const added = all.filter(({ id }) => id !== current.id && former.every((one) => one.id !== id));
  return added.length === 0 ? former : [...former, ...added.map(lookupKeyOf)].slice(-FORMER_MAX);
};
