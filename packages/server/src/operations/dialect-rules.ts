import type { Client, ClientType } from '../clients/client.ts';
import type { Policy } from '../clients/policy.ts';
import type { TokenShapes } from '../grants/issue.ts';

/** What operations need to know of a dialect. */
export type DialectRules = {
  readonly name: string;
  /** The types of clients that it has. */
  readonly clientTypes: readonly ClientType[];
  /** The brands that a grant may be bound to. */
  readonly brands: readonly string[];
  /** Options that only its clients have, by name, with their values. */
  readonly options?: Readonly<Record<string, { readonly choices: readonly string[] }>>;
  readonly shapes: TokenShapes;
  /** What a new client starts with. */
  readonly defaultPolicy: Policy;
};

/** The dialects that clients can speak. */
export type KnownDialects = {
  readonly names: readonly string[];
  /** The dialect of this name; `undefined` for an unknown name. */
  find(name: string): DialectRules | undefined;
  /** The dialect that a client speaks. Throws `OperatorError` where a newer version registered it. */
  of(client: Pick<Client, 'id' | 'dialect'>): DialectRules;
};
