import { hash, randomBytes } from 'node:crypto';
import { KeeperError } from '../errors.ts';
import { partsOf } from '../keeper-parts.ts';
import { SCOPES } from '../stores/service-keys.ts';
import type { ServiceKey, ServiceScope } from '../stores/service-keys.ts';
import type { Millis } from '../time.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { bindKey, isKeyBound } from './bind-key.ts';
import type { Keeper } from '../keeper.ts';

/** What a new key of the service may do. */
export type NewServiceKey = {
  /** 1 to 100 printable characters; unique. */
  readonly name: string;
  readonly scopes: readonly ServiceScope[];
  /** Only connections whose names begin with it are visible. */
  readonly namePrefix?: string | undefined;
  readonly expiresAtMs?: Millis | undefined;
};

/** A key as people see it. */
export type ServiceKeyView = Omit<ServiceKey, 'digest' | 'binding'> & {
  /** Whether the service accepts it: not where somebody wrote its row without the keeper's keys. */
  readonly isBound: boolean;
};

const KEY_PREFIX = 'kfk_';
const RANDOM_BYTES = 32;
const FORM = /^kfk_[\w-]{43}$/;
const NAME_MAX = 100;
const PREFIX_MAX = 200;
const KEYS_MAX = 1000;

/** SHA-256 of a key, in hexadecimal; `undefined` for what cannot be one. A key has 256 random bits, so it needs no salt. */
export const digestOfKey = (key: string): string | undefined =>
  FORM.test(key) ? hash('sha256', key) : undefined;

/**
 * Makes a key of the service. The text is returned once and stored nowhere. Every node accepts it within 5 seconds. Throws
 * `KeeperError`.
 */
export const createServiceKey = async (
  keeper: Keeper,
  { name, scopes, namePrefix, expiresAtMs }: NewServiceKey,
): Promise<ServiceKeyView & { readonly key: string }> => {
  const { store, keys } = partsOf(keeper).engine;
  const nowMs = store.nowMs();
  if (name === '' || name.length > NAME_MAX || /\p{Cc}/u.test(name))
    refuse('key_name_invalid', 'A key needs a name of 1 to 100 printable characters', 'Name its user.');
  const unknown = scopes.find((scope) => !SCOPES.includes(scope));
  if (scopes.length === 0 || unknown !== undefined)
    refuse(
      'key_scope_invalid',
      unknown === undefined ? 'A key needs a scope' : `There is no scope "${unknown}"`,
      `Use one or more of: ${SCOPES.join(', ')}.`,
    );
  if (namePrefix !== undefined && (namePrefix === '' || namePrefix.length > PREFIX_MAX))
    refuse(
      'key_prefix_invalid',
      'The prefix is empty or too long',
      'Leave it out, or use 1 to 200 characters.',
    );
  if (expiresAtMs !== undefined && !(expiresAtMs > nowMs))
    refuse('key_expiry_invalid', 'The key would be over at once', 'Give a moment in the future.');
  const key = `${KEY_PREFIX}${randomBytes(RANDOM_BYTES).toString('base64url')}`;
  const view: ServiceKeyView = {
    name,
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    namePrefix,
    createdAtMs: nowMs,
    expiresAtMs,
    usedAtMs: undefined,
    isBound: true,
  };
  const { isBound, ...shown } = view;
  void isBound;
  const row = { ...shown, digest: Buffer.from(digestOfKey(key) ?? '', 'hex') };
  const added = await store.addServiceKey({ ...row, binding: bindKey(keys, row) }, KEYS_MAX);
  if (added === 'name_taken')
    refuse('key_name_taken', `There is a key "${name}" already`, 'Choose another name, or remove that key.');
  if (added === 'too_many')
    refuse('too_many_keys', `There are ${KEYS_MAX} keys`, 'Remove keys that nobody uses.');
  return { ...view, key };
};

const refuse = (code: string, message: string, remedy: string): never => {
  throw new KeeperError(code, message, remedy);
};

/** Every key of the service, by name. */
export const listServiceKeys = async (keeper: Keeper): Promise<readonly ServiceKeyView[]> => {
  const { store, keys } = partsOf(keeper).engine;
  return (await store.serviceKeys()).map((key) => viewOf(key, keys));
};

/** Removes a key: this node refuses it within 5 seconds, and so does every other. Returns whether there was one. */
export const removeServiceKey = (keeper: Keeper, name: string): Promise<boolean> =>
  partsOf(keeper).engine.store.removeServiceKey(name);

const viewOf = (key: ServiceKey, keys: KeyRing): ServiceKeyView => {
  const { digest, binding, ...view } = key;
  void [digest, binding];
  return { ...view, isBound: isKeyBound(keys, key) };
};
