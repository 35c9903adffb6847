import type { Fault } from '../language.ts';
import { toMillis, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import {
  createRegistrationTokenText,
  digestRegistrationToken,
  REGISTRATION_TOKEN_MAX_SECONDS,
  REGISTRATION_USES_MAX,
} from '../clients/registration.ts';
import type { RegistrationTerms, RegistrationToken } from '../clients/registration.ts';
import { faultsOfAllowed, joinReadScopes, scopesOfDialect } from '../clients/scopes.ts';
import type { OperationContext } from './context.ts';
import { newShortId } from './new-id.ts';
import { faultsOfRules } from './dialect-rules.ts';

/** A registration token to make. */
export type NewRegistrationToken = {
  readonly name: string;
  /** The name of the dialect of its clients. */
  readonly dialect: string;
  readonly profile?: RegistrationTerms['profile'] | undefined;
  /** The most that owners may grant its clients; every scope of the dialect that only reads where it is absent. */
  readonly grantScope?: string | undefined;
  readonly isApproved?: boolean | undefined;
  readonly uses: number;
  readonly expiresInSeconds: Seconds;
  /** Drawn before, for the audit log; a new one if it is absent. */
  readonly id?: string | undefined;
};

export type RegistrationTokenMade =
  | { readonly outcome: 'made'; readonly token: RegistrationToken; readonly text: string }
  | { readonly outcome: 'too_many' }
  | { readonly outcome: 'invalid'; readonly faults: readonly Fault[] };

/** Makes a registration token. `text` is the token itself, which is not stored. Throws `StoreError`. */
export const makeRegistrationToken = async (
  context: Pick<OperationContext, 'store' | 'dialects' | 'scopes' | 'clock' | 'randomness'>,
  wanted: NewRegistrationToken,
): Promise<RegistrationTokenMade> => {
  const { store, scopes, clock, randomness } = context;
  const { name, dialect, profile = 'none', isApproved = false, uses, expiresInSeconds } = wanted;
  const readScopes = joinReadScopes(scopesOfDialect(scopes, dialect).values());
  const terms = { dialect, profile, grantScope: wanted.grantScope ?? readScopes, isApproved };
  const faults = faultsOf(context, terms, wanted);
  if (faults.length > 0) return { outcome: 'invalid', faults };
  const text = createRegistrationTokenText('i', randomness);
  const createdAtMs = clock();
  const token: RegistrationToken = {
    id: wanted.id ?? newShortId(randomness),
    name,
    digest: digestRegistrationToken(text),
    terms,
    usesLeft: uses,
    createdAtMs,
    expiresAtMs: toMillis(toSeconds(createdAtMs) + expiresInSeconds),
  };
  const created = await store.createRegistrationToken(token);
  return created === 'created' ? { outcome: 'made', token, text } : { outcome: 'too_many' };
};

const faultsOf = (
  { dialects, scopes }: Pick<OperationContext, 'dialects' | 'scopes'>,
  { dialect, profile, grantScope }: RegistrationTerms,
  { uses, expiresInSeconds }: NewRegistrationToken,
): readonly Fault[] => {
  const rules = dialects.find(dialect);
  if (rules === undefined) return [`unknown dialect ${dialect}: use one of ${dialects.names.join(', ')}`];
  const about = { redirectUris: [], requirePkce: undefined, profile, wantsBoundTokens: profile === 'fapi2' };
  return [
    ...faultsOfAllowed(scopes, dialect, { grantScope }),
    ...faultsOfRules(rules, '', about),
    ...(uses >= 1 && uses <= REGISTRATION_USES_MAX
      ? []
      : [`uses must be from 1 to ${REGISTRATION_USES_MAX}`]),
    ...(expiresInSeconds >= 1 && expiresInSeconds <= REGISTRATION_TOKEN_MAX_SECONDS
      ? []
      : [`expiresInSeconds must be from 1 to ${REGISTRATION_TOKEN_MAX_SECONDS}`]),
  ];
};
