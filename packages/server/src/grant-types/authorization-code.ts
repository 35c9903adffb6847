import { onlyRedirectUri } from '../clients/redirect-uri.ts';
import { reasonsOf } from '../errors.ts';
import type { CodeResult } from '../grants/code-store.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { readingsOfCode } from '../tokens/authorization-code.ts';
import type { OpenedCode } from '../tokens/authorization-code.ts';
import { RESOURCE } from './audience.ts';
import { DETAILS, narrowedOf } from './authorization-details.ts';
import { defineGrantType } from './grant-type.ts';
import type { GrantRequest, GrantType, GrantTypeContext, TokenResponse } from './grant-type.ts';
import { redeemPresented, reportCode } from './redeem-code.ts';
import { reportedRefusal, reportRefusedCode } from './reported-refusal.ts';

type CodeRequest = GrantRequest<{
  readonly code: string;
  readonly redirect_uri: string | undefined;
  readonly code_verifier: string | undefined;
  readonly resource: string | undefined;
  readonly authorization_details: string | undefined;
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
    DETAILS,
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

const redeem = async (
  context: GrantTypeContext,
  request: CodeRequest,
  [opened, next, ...others]: readonly [OpenedCode, ...OpenedCode[]],
): Promise<TokenResponse> => {
  const { parameters, client } = request;
  const { result, tokens } = await redeemPresented(context, request, {
    ...opened,
    redirectUri: parameters.redirect_uri,
    onlyRedirectUri: onlyRedirectUri(client),
    codeVerifier: parameters.code_verifier,
    narrowed: narrowedOf(parameters.authorization_details),
  });
  // The code of another grant has the same form by chance; this one is in another reading.
  if (next !== undefined && isUnknown(result)) return redeem(context, request, [next, ...others]);
  reportCode(context.emit, request, opened.grantId, result);
  if (tokens === undefined) throw reportedRefusal('code_unknown');
  return tokens;
};

const isUnknown = ({ verdict }: CodeResult): boolean =>
  verdict.kind === 'refuse' && verdict.reason === 'code_unknown';
