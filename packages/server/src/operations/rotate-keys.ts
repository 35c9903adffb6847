import { toSeconds } from '../clock.ts';
import { OperatorError } from '../errors.ts';
import { createKeyLine, parseKeyRing } from '../tokens/key-ring.ts';
import type { RingKey } from '../tokens/key-ring.ts';
import { KEY_PURPOSES } from '../tokens/key-state.ts';
import type { KeyPurpose, RegisteredKey } from '../tokens/key-state.ts';
import { registrationOf } from '../tokens/key-store.ts';
import type { OperationContext } from './context.ts';

/** What a new key is written to. */
export type WritableKeys = {
  readonly name: string;
  /** Absent where the ring cannot be written from here. */
  readonly write?: (change: (text: string) => string) => void | Promise<void>;
};

/**
 * Adds a key of each of the `purposes`, or of all that the ring has, to the ring: active from the next request on, while
 * older ones still open. Answers the new keys, in the order of their numbers. Throws `OperatorError` and `StoreError`.
 */
export const rotateKeys = async (
  { store, clock, keys }: Pick<OperationContext, 'store' | 'clock'> & { readonly keys: WritableKeys },
  purposes?: readonly KeyPurpose[],
): Promise<readonly RegisteredKey[]> => {
  if (keys.write === undefined) {
    throw new OperatorError(
      'key_not_in_a_file',
      {
        en: `the key ring comes from ${keys.name} and cannot be written from here`,
        ko: `키 링을 ${keys.name}에서 읽으므로 여기에서 바꿀 수 없습니다.`,
      },
      {
        en: 'Create a key with "keyfob keys create --purpose PURPOSE --number N", add its line to the ring where it is kept, and give the ring to every node.',
        ko: '"keyfob keys create --purpose PURPOSE --number N"으로 키를 만들어 키 링을 보관하는 곳에 그 줄을 추가하고, 모든 노드에 새 키 링을 배포하세요.',
      },
    );
  }
  // A number is never used again, not even that of a retired key whose line is gone.
  const registered = await store.listKeys();
  const newest = Math.max(0, ...registered.map(({ number }) => number));
  const createdAt = toSeconds(clock());
  let added: readonly RingKey[] = [];
  await keys.write((text) => {
    const ring = parseKeyRing(text);
    const first = Math.max(newest, ring.newestNumber) + 1;
    const wanted = purposes ?? KEY_PURPOSES.filter((one) => ring.keys.some(({ purpose }) => purpose === one));
    const lines = wanted.map((purpose, index) => createKeyLine(first + index, purpose, createdAt));
    const next = `${text.trimEnd()}\n${lines.join('\n')}\n`;
    added = parseKeyRing(next).keys.filter(({ number }) => number >= first);
    return next;
  });
  const registrations = added.map(registrationOf).toReversed();
  for (const key of registrations) await store.registerKey(key);
  return registrations;
};
