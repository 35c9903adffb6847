import type { Texts } from './texts-en.ts';

/** What a grant permits, in plain words: what the client can see and what it can do. */
export type Permissions = { readonly reads: readonly string[]; readonly controls: readonly string[] };

/** Describes a scope. A permission without a text is shown as it is, so that owners see everything they allow. */
export const describeScope = (scope: string, texts: Texts): Permissions => {
  const scopes = scope.split(' ').filter((one) => one !== '');
  const describe = (one: string): string =>
    Object.hasOwn(texts.permissions, one) ? (texts.permissions[one] ?? one) : one;
  return {
    reads: scopes.filter((one) => !one.startsWith('control_')).map(describe),
    controls: scopes.filter((one) => one.startsWith('control_')).map(describe),
  };
};
