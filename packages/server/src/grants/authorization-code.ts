import { Refusal } from '../errors.ts';

/**
 * Exchanges an authorization code for a first pair of tokens. No code is issued yet, so a code of the right form is
 * always one we do not know.
 *
 * @see RFC 6749 §4.1.3
 */
export const redeemCode = (): never => {
  throw new Refusal('code_unknown');
};
