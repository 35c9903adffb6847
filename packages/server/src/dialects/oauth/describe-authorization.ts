import { PAGE_ANSWERS, TEXT_NOT_EMPTY } from '../../wire/route-description.ts';
import type { DescribedParameter, RouteDescription } from '../../wire/route-description.ts';
import type { AuthorizationWire } from '../authorization.ts';
import type { Rule, Rules } from './authorize.ts';

/** The authorization endpoint, from the rules that its parameters are read with. @see RFC 6749 §4.1.1 */
export const describeAuthorization = (
  { isRedirectUriOptional, resourceName }: AuthorizationWire,
  rules: Rules,
): RouteDescription => {
  const parameters = [
    parameter('response_type', true, 'What the client gets.', { const: 'code' }),
    parameter('client_id', true, 'The client.'),
    parameter(
      'redirect_uri',
      !isRedirectUriOptional,
      isRedirectUriOptional
        ? 'Where the owner is sent back to. It may be absent where only one is registered.'
        : 'Where the owner is sent back to.',
    ),
    parameter('scope', true, 'What the client asks for, space separated.'),
    ...Object.entries(rules).map(([name, rule]) => parameter(name, false, rule.purpose, schemaOf(rule))),
    ...(resourceName === undefined
      ? []
      : [
          parameter(resourceName, false, 'Whom the tokens will be for (RFC 8707). It may be repeated.', {
            type: 'array',
            items: TEXT_NOT_EMPTY,
          }),
        ]),
  ];
  return { summary: 'Asks an owner for consent', authentication: [], parameters, answers: PAGE_ANSWERS };
};

const parameter = (
  name: string,
  isRequired: boolean,
  purpose: string,
  schema: DescribedParameter['schema'] = TEXT_NOT_EMPTY,
): DescribedParameter => ({ in: 'query', name, isRequired, purpose, schema });

const schemaOf = ({ maxCharacters, pattern }: Rule): DescribedParameter['schema'] => ({
  type: 'string',
  maxLength: maxCharacters,
  ...(pattern !== undefined && { pattern: pattern.source }),
});
