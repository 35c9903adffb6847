import type { Role } from './role.ts';

/**
 * Somebody who works on the server. `command`: an OS user who runs `keyfob` on the store's machine; `key`: the holder of
 * an operator key; `link`: somebody who used a link of `keyfob console login`; `provider`: somebody whom the operators'
 * OpenID Connect provider knows.
 */
export const OPERATOR_KINDS = ['command', 'key', 'link', 'provider'] as const;
export type OperatorKind = (typeof OPERATOR_KINDS)[number];

export type Operator = {
  readonly kind: OperatorKind;
  /** Of the key, of the OS user, or the provider's subject. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly role: Role;
  /** The clients that a developer works with; every other role works with all. */
  readonly clientIds?: readonly string[] | undefined;
};

/** The operator as JSON, for a store. */
export const writeOperator = ({ kind, id, name, role, clientIds }: Operator): string =>
  JSON.stringify({ kind, id, name, role, clientIds });

/** Reads what `writeOperator` wrote. */
export const readOperator = (text: string): Operator => JSON.parse(text) as Operator;
