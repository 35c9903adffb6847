import { PAGE_ANSWERS, TEXT_NOT_EMPTY } from '../../wire/route-description.ts';
import type { DescribedParameter, RouteDescription } from '../../wire/route-description.ts';
import type { AuthorizationWire } from '../authorization.ts';
import { DETAILS_PURPOSE } from './describe-details.ts';
import type { Rule, Rules } from './authorize.ts';

/** The authorization endpoint, from the rules that its parameters are read with. @see RFC 6749 §4.1.1 */
export const describeAuthorization = (
  { isRedirectUriOptional, resourceName, detailsName }: AuthorizationWire,
  rules: Rules,
): RouteDescription => {
  const parameters = [
    parameter({
      name: 'response_type',
      isRequired: true,
      purpose: 'What the client gets.',
      schema: { const: 'code' },
    }),
    parameter({ name: 'client_id', isRequired: true, purpose: 'The client.' }),
    parameter({
      name: 'redirect_uri',
      isRequired: !isRedirectUriOptional,
      purpose: 'Where the owner is sent back to; where only one is registered, that one.',
    }),
    parameter({
      name: 'scope',
      isRequired: detailsName === undefined,
      purpose: 'What the client asks for, space separated; required without authorization_details.',
    }),
    ...(detailsName === undefined ? [] : [parameter({ name: detailsName, purpose: DETAILS_PURPOSE })]),
    ...Object.entries(rules).map(([name, rule]) =>
      parameter({ name, purpose: rule.purpose, schema: schemaOf(rule) }),
    ),
    ...(resourceName === undefined
      ? []
      : [
          parameter({
            name: resourceName,
            purpose: 'Whom the tokens will be for (RFC 8707). It may be repeated.',
            schema: { type: 'array', items: TEXT_NOT_EMPTY },
          }),
        ]),
  ];
  return { summary: 'Asks an owner for consent', authentication: [], parameters, answers: PAGE_ANSWERS };
};

const parameter = ({
  isRequired = false,
  schema = TEXT_NOT_EMPTY,
  ...words
}: Pick<DescribedParameter, 'name' | 'purpose'> & Partial<DescribedParameter>): DescribedParameter => ({
  in: 'query',
  isRequired,
  schema,
  ...words,
});

const schemaOf = ({ maxCharacters, pattern }: Rule): DescribedParameter['schema'] => ({
  type: 'string',
  maxLength: maxCharacters,
  ...(pattern !== undefined && { pattern: pattern.source }),
});
