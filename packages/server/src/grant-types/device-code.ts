import { Refusal } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { readNow } from '../clock.ts';
import type { PollOutcome } from '../grants/decide-device.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import type { OpenedCode } from '../tokens/authorization-code.ts';
import { readingsOfDeviceCode } from '../tokens/device-code.ts';
import { RESOURCE } from './audience.ts';
import { DETAILS } from './authorization-details.ts';
import { defineGrantType } from './grant-type.ts';
import type { GrantRequest, GrantType, GrantTypeContext, TokenResponse } from './grant-type.ts';
import { redeemPresented, reportCode } from './redeem-code.ts';
import { reportedRefusal, reportRefusedCode } from './reported-refusal.ts';

type DeviceRequest = GrantRequest<{
  readonly device_code: string;
  readonly code_verifier: string | undefined;
  readonly resource: string | undefined;
  readonly authorization_details: string | undefined;
}>;

/** What a device that gets no tokens learns. @see RFC 8628 §3.5 */
const ERRORS = {
  pending: { error: 'authorization_pending', description: 'The owner has not decided yet.' },
  slow_down: {
    error: 'slow_down',
    description: 'From now on, wait five seconds longer between requests.',
  },
  expired: { error: 'expired_token', description: 'The device code has expired. Ask for a new one.' },
  declined: { error: 'access_denied', description: 'The owner did not consent.' },
} as const satisfies Partial<Record<PollOutcome, OAuthError>>;

/**
 * Answers the polls of a device: with the first pair of tokens, once an owner has entered its user code and agreed. The
 * request and what the owner decided are in the store, so any node answers.
 *
 * @see RFC 8628 §3.4 and §3.5
 */
export const deviceCode: GrantType = defineGrantType({
  grantType: 'urn:ietf:params:oauth:grant-type:device_code',
  description: {
    givesRefreshToken: true,
    refusals: ['grant_type_specific', 'code_verifier_wrong'],
    ownErrors: Object.values(ERRORS),
  },
  parameters: [
    {
      name: 'device_code',
      purpose: 'The device code.',
      missing: 'parameter_missing',
      refusals: ['code_unknown', 'code_client_mismatch'],
    },
    { name: 'code_verifier', purpose: 'The verifier of the PKCE challenge (RFC 7636).' },
    RESOURCE,
    { ...DETAILS, purpose: 'Refused: what an owner allows a device is scopes alone.' },
  ],
  async handle(context, request) {
    const { client, shapes, parameters } = request;
    if (client.policy.deviceFlow !== true) throw new Refusal('client_not_permitted');
    if (parameters.authorization_details !== undefined)
      throw reportRefusedCode(context.emit, request, 'details_not_allowed');
    const readings = readingsOfDeviceCode(context.keyRing, shapes.code, parameters.device_code);
    // Of a form that no device code has, or sealed by a key that this node may not have read yet.
    if (readings === 'malformed') throw reportRefusedCode(context.emit, request, 'code_unknown');
    const [first, ...others] = readings;
    if (first !== undefined) return poll(context, request, [first, ...others]);
    if (await hasNewerKey(context, context.keyRing)) return deviceCode.handle(context, request);
    throw reportRefusedCode(context.emit, request, 'code_unknown');
  },
});

const poll = async (
  context: GrantTypeContext,
  request: DeviceRequest,
  [opened, next, ...others]: readonly [OpenedCode, ...OpenedCode[]],
): Promise<TokenResponse> => {
  const { store, emit } = context;
  const presented = { ...opened, clientId: request.client.id };
  const outcome = await store.pollDeviceRequest({ ...readNow(context), presented });
  switch (outcome) {
    case 'expired':
      emitRefused(context, request, 'code_expired');
      throw refuse('expired');
    case 'pending':
    case 'slow_down':
    case 'declined':
      throw refuse(outcome);
    case 'client_mismatch':
      throw reportRefusedCode(emit, request, 'code_client_mismatch');
    case 'approved':
    // A store that was restored may have the approval of an owner, and no request.
    case 'unknown':
  }
  const tokens = await redeem(context, request, opened, outcome);
  if (tokens !== 'unknown') return tokens;
  if (next !== undefined) return poll(context, request, [next, ...others]);
  throw reportRefusedCode(emit, request, 'code_unknown');
};

/** The tokens of an approval. Throws the refusal where there are none, and answers `unknown` where there is no approval. */
const redeem = async (
  context: GrantTypeContext,
  request: DeviceRequest,
  opened: OpenedCode,
  outcome: 'approved' | 'unknown',
): Promise<TokenResponse | 'unknown'> => {
  const { result, tokens } = await redeemPresented(context, request, {
    ...opened,
    isDevice: true,
    redirectUri: undefined,
    onlyRedirectUri: undefined,
    codeVerifier: request.parameters.code_verifier,
  });
  if (result.verdict.kind === 'refuse') {
    const { reason } = result.verdict;
    // The owner removed the client's access before the device came for its tokens.
    if (reason === 'code_unknown' && outcome === 'approved') throw refuse('declined');
    if (reason === 'code_unknown') return 'unknown';
    if (reason === 'code_expired') {
      emitRefused(context, request, reason);
      throw refuse('expired');
    }
  }
  reportCode(context.emit, request, opened.grantId, result);
  if (tokens === undefined) throw reportedRefusal('code_unknown');
  return tokens;
};

const refuse = (outcome: keyof typeof ERRORS): Refusal =>
  new Refusal('grant_type_specific', [], { isReported: true, oauthError: ERRORS[outcome] });

const emitRefused = (
  { emit }: GrantTypeContext,
  { dialect, requestId, caller, client }: DeviceRequest,
  reason: 'code_expired',
): void => emit({ event: 'code.refused', dialect, requestId, caller, clientId: client.id, reason });
