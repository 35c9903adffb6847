import type { Policy } from '../../clients/policy.ts';
import type { Refusal } from '../../errors.ts';
import type { Exchange, WireResponse } from '../../wire/exchange.ts';
import { headersNamed, oauthHeaders, renderOAuthError } from './answers.ts';
import { OAUTH_ERROR_FORM } from './error-form.ts';
import { oauthRefusals } from './refusals.ts';
import type { OAuthAnswer } from './refusals.ts';
import type { WireDifferences } from './wire-differences.ts';

type Differences = Pick<
  WireDifferences,
  'refusals' | 'chosenRefusals' | 'errorForm' | 'requestIdHeader' | 'describeRequest'
>;

/** The headers of every answer of a wire. */
export const headersOf = ({
  requestIdHeader,
}: Differences): ((exchange: Exchange) => Readonly<Record<string, string>>) =>
  requestIdHeader === undefined ? oauthHeaders : headersNamed(requestIdHeader);

/** How a wire renders its refusals. */
export const createRefusalRenderer = (wire: Differences) => {
  const { refusals, chosenRefusals, errorForm = OAUTH_ERROR_FORM, describeRequest } = wire;
  const everyHeader = headersOf(wire);

  const answerOf = (refusal: Refusal): OAuthAnswer =>
    refusals?.[refusal.reason] ?? { ...oauthRefusals[refusal.reason], ...refusal.oauthError };

  const render = (answer: OAuthAnswer, refusal: Refusal, exchange: Exchange): WireResponse => {
    const description = answer.description + (describeRequest?.(exchange) ?? '');
    const body = errorForm.write({ error: answer.error, description }, exchange);
    return renderOAuthError(answer, refusal, everyHeader(exchange), body);
  };

  return {
    renderRefusal: (refusal: Refusal, policy: Policy | undefined, exchange: Exchange): WireResponse =>
      render(chosenRefusals?.choose(refusal, policy) ?? answerOf(refusal), refusal, exchange),
    /** Everything that the policy of a client may make of a refusal. */
    renderChoices: (refusal: Refusal, exchange: Exchange): readonly WireResponse[] =>
      (chosenRefusals?.choicesOf(refusal) ?? []).map((answer) => render(answer, refusal, exchange)),
  };
};
