import { UnavailableError } from '../errors.ts';
import type { Provider } from '../providers/provider.ts';
import { textAt } from '../providers/text-at.ts';

/**
 * The access tokens of one connection, for an HTTP client: what every adapter is built on. An adapter asks for the
 * value of the header Authorization, sends, and asks `onRejected` about an answer that may refuse the token. It sends once more at most,
 * and only what can be sent twice.
 */
export type Authorizer = {
  /**
   * The value of the header Authorization for one request. Throws `NeedsConsentError` or `UnavailableError`. The signal ends
   * the wait, and never a refresh that has begun.
   */
  authorize(signal?: AbortSignal): Promise<string>;
  /**
   * After an answer: the value for one more request. `undefined` where the answer is final, because it refuses no token or because a new
   * token was refused too. `sent` is the value that the request had: where the keeper has another token meanwhile, no
   * refresh is needed. Throws as `authorize` does.
   */
  onRejected(sent: string, answer: RefusingAnswer, signal?: AbortSignal): Promise<string | undefined>;
};

/** What an answer must show for `onRejected`. */
export type RefusingAnswer = {
  readonly status: number;
  /** Its body as JSON; asked only where the status alone does not say it. May throw for anything else. */
  json(): unknown;
};

/** What an authorizer needs of a keeper. */
export type AuthorizerParts = {
  token(options: { signal?: AbortSignal | undefined; rejected?: string | undefined }): Promise<string>;
  provider(): Promise<Provider | undefined>;
};

/** An authorizer for one connection. */
export const createAuthorizer = ({ token, provider }: AuthorizerParts): Authorizer => ({
  authorize: async (signal) => SCHEME + (await token({ signal })),
  async onRejected(sent, answer, signal) {
    if (!(await isRefusal(provider, answer)) || !sent.startsWith(SCHEME)) return undefined;
    const rejected = sent.slice(SCHEME.length);
    try {
      const next = await token({ signal, rejected });
      return next === rejected ? undefined : SCHEME + next;
    } catch (error) {
      // A token that is new is refused too: a permission is missing, and the answer says more than an error of ours.
      if (error instanceof UnavailableError && error.reason === 'refused_too_often') return undefined;
      throw error;
    }
  },
});

const SCHEME = 'Bearer ';

/** Whether an answer refuses the access token: by status 401, or as the provider does it. */
const isRefusal = async (
  providerOf: AuthorizerParts['provider'],
  answer: RefusingAnswer,
): Promise<boolean> => {
  if (answer.status === 401) return true;
  if (answer.status < 400 || answer.status >= 500) return false;
  const provider = await providerOf();
  const refusal = provider?.accessRefusal;
  if (provider === undefined || refusal === undefined || answer.status !== refusal.status) return false;
  try {
    const code = textAt(await answer.json(), provider.refusal.code);
    return code !== undefined && refusal.codes.includes(code);
  } catch {
    return false;
  }
};
