import type { BoundLink, Link, LinkBinder } from '../stores/links.ts';
import { bind, isBound, keyIdOfBinding } from '../vault/bind.ts';
import type { KeyRing } from '../vault/key-ring.ts';

/** A binder with the keys of a keeper. It demands nothing before `demand` is called: see `checkKeys`. */
export type KeyedBinder = LinkBinder & {
  /** From now on, a row that is not bound is refused. */
  demand(): void;
  isDemanded(): boolean;
};

const textOf = ({ name, client, grantId }: Link): string =>
  JSON.stringify(['connection', name, client, grantId]);

/** Whether a holder of the keys wrote this row. */
export const isLinkBound = (keys: KeyRing, link: BoundLink): boolean =>
  isBound(keys, textOf(link), link.binding);

/** Binds the rows of connections with the keys of a keeper. */
export const createLinkBinder = (keys: KeyRing): KeyedBinder => {
  let isDemanded = false;
  return {
    bind: (link) => bind(keys, textOf(link)),
    isBound: (link) => !isDemanded || isLinkBound(keys, link),
    isOfOtherKeys({ binding }) {
      const keyId = keyIdOfBinding(binding);
      return keyId !== undefined && !keys.all.some(({ id }) => id === keyId);
    },
    demand: () => void (isDemanded = true),
    isDemanded: () => isDemanded,
  };
};
