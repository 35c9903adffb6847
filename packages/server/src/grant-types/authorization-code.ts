import { onlyRedirectUri } from '../clients/redirect-uri.ts';
import { readNow } from '../clock.ts';
import { reasonsOf } from '../errors.ts';
import type { CodeResult } from '../grants/code-store.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { digestUse } from '../grants/use-digest.ts';
import type { Emit } from '../log-event.ts';
import { readingsOfCode } from '../tokens/authorization-code.ts';
import type { OpenedCode } from '../tokens/authorization-code.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { RESOURCE } from './audience.ts';
import { defineGrantType } from './grant-type.ts';
import type { GrantRequest, GrantType, GrantTypeContext, TokenResponse } from './grant-type.ts';
import { prepareIssuing } from './issue-for-use.ts';
import { reportedRefusal, reportRefusedCode } from './reported-refusal.ts';

type CodeRequest = GrantRequest<{
  readonly code: string;
  readonly redirect_uri: string | undefined;
  readonly code_verifier: string | undefined;
  readonly resource: string | undefined;
}>;

/**
 * Exchanges an authorization code for the first pair of tokens of the grant that it stands for. Resolves only after the
 * store has the grant on disk.
 *
 * @see RFC 6749 §4.1.3
 */
export const authorizationCode: GrantType = defineGrantType({
  grantType: 'authorization_code',
  description: { givesRefreshToken: true, refusals: [] },
  parameters: [
    {
      name: 'code',
      purpose: 'The authorization code.',
      missing: 'code_missing',
      form: {
        isValid: (code, shapes) => shapes.code.read(code) !== 'malformed',
        otherwise: 'code_malformed',
      },
      // Also those of the grant that it stands for.
      refusals: [...reasonsOf('dead_code'), ...reasonsOf('dead_token')],
    },
    {
      name: 'redirect_uri',
      purpose: 'That of the authorization request.',
      missing: 'redirect_uri_missing',
      isOmittable: true,
    },
    { name: 'code_verifier', purpose: 'The verifier of the PKCE challenge (RFC 7636).' },
    RESOURCE,
  ],
  async handle(context, request) {
    const { keyRing, emit } = context;
    if (!showsRedirect(request)) throw reportRefusedCode(emit, request, 'redirect_uri_missing');
    const readings = readingsOfCode(keyRing, request.shapes.code, request.parameters.code);
    if (readings === 'malformed') throw reportRefusedCode(emit, request, 'code_malformed');
    const [first, ...others] = readings;
    if (first === undefined) {
      if (await hasNewerKey(context, keyRing)) return authorizationCode.handle(context, request);
      throw reportRefusedCode(emit, request, 'code_unknown');
    }
    if (request.client.type === 'public' && request.parameters.code_verifier === undefined)
      throw reportRefusedCode(emit, request, 'code_verifier_wrong');
    return redeem(context, request, [first, ...others]);
  },
});

/** Whether a request shows its redirect URI: by name, by the verifier of its code, or as the only one registered. */
const showsRedirect = ({ parameters, client }: CodeRequest): boolean =>
  (parameters.redirect_uri ?? parameters.code_verifier ?? onlyRedirectUri(client)) !== undefined;

/** A code is used once, so only one of its uses can be undecided. */
const ONLY_USE = 0;

const redeem = async (
  context: GrantTypeContext,
  request: CodeRequest,
  [opened, next, ...others]: readonly [OpenedCode, ...OpenedCode[]],
): Promise<TokenResponse> => {
  const { store, emit, undecidedCodes: undecided } = context;
  const { client, caller, requestId, brand, parameters } = request;
  const use = { grantId: opened.grantId, generation: ONLY_USE };
  const presented = {
    ...opened,
    clientId: client.id,
    brand,
    redirectUri: parameters.redirect_uri,
    onlyRedirectUri: onlyRedirectUri(client),
    codeVerifier: parameters.code_verifier,
    useDigest: digestUse(request.idempotencyKey),
    isRetryOfOurs: undecided.has(use),
  };
  const now = readNow(context);
  const keyNumber = context.keyRing.seal.active.number;
  const issuing = prepareIssuing(context, request, { undecided, use }, now);
  let result;
  try {
    const codeUse = { ...now, presented, keyNumber, caller, requestId };
    result = await store.redeemCode(codeUse, issuing.issue);
  } catch (error) {
    undecided.note(use, error);
    throw error;
  }
  if (result === 'client_gone') throw reportRefusedCode(emit, request, 'client_disabled');
  // The code of another grant has the same form by chance; this one is in another reading.
  if (next !== undefined && isUnknown(result)) return redeem(context, request, [next, ...others]);
  report(emit, request, opened.grantId, result);
  if (issuing.tokens === undefined) throw reportedRefusal('code_unknown');
  return issuing.tokens;
};

const isUnknown = ({ verdict }: CodeResult): boolean =>
  verdict.kind === 'refuse' && verdict.reason === 'code_unknown';

/** Reports the outcome of the code. Throws the refusal where it gets no tokens. */
const report = (
  emit: Emit,
  { dialect, requestId, caller, client }: CodeRequest,
  id: GrantId,
  { verdict, fault, hasRevoked, grant }: CodeResult,
): void => {
  const grantId = writeGrantId(id);
  const use = { dialect, requestId, caller, clientId: client.id, grantId };
  switch (verdict.kind) {
    case 'refuse':
      emit({ event: 'code.refused', ...use, reason: verdict.reason });
      throw reportedRefusal(verdict.reason);
    case 'replay':
      emit({ event: 'code.replayed', ...use });
      if (hasRevoked && grant !== undefined)
        emit({ event: 'grant.revoked', requestId, grantId, clientId: grant.clientId, cause: 'code_replay' });
      throw reportedRefusal('code_replayed');
    case 'redeem':
    case 'repeat':
      if (fault !== undefined) {
        emit({ event: 'code.refused', ...use, reason: fault });
        throw reportedRefusal('code_unknown');
      }
      emit({ event: verdict.kind === 'redeem' ? 'code.redeemed' : 'code.repeated', ...use });
  }
};
