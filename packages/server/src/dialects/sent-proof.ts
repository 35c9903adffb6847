import type { SentProof } from '../grants/prove-sender.ts';
import type { WireRequest } from '../wire/exchange.ts';

/** What a request shows of its sender, besides credentials. `issuer` is the public URL of this server. */
export const sentProofOf = (
  { method, path, headers, baseUrl, certificate }: WireRequest,
  issuer: string | undefined,
): SentProof => ({
  method,
  uri: `${baseUrl ?? issuer ?? ''}${path}`,
  proof: headers['dpop'],
  certificate: certificate?.thumbprint,
});
