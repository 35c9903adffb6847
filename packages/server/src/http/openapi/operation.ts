import type {
  DescribedAnswer,
  DescribedBody,
  DescribedField,
  DescribedParameter,
  JsonSchema,
  RouteDescription,
} from '../../wire/route-description.ts';
import { describeHeaders, jsonContent } from './content.ts';
import { describeRefusals } from './refusals.ts';
import { securityOf } from './security.ts';

/** One route, by its name as in `POST /oauth/token`, under a tag. */
export const describeOperation = (name: string, route: RouteDescription, tag: string): JsonSchema => {
  const { summary, parameters = [], body, answers, refusals } = route;
  return {
    operationId: operationIdOf(name),
    summary,
    tags: [tag],
    security: securityOf(route),
    ...(parameters.length > 0 && { parameters: parameters.map(describeParameter) }),
    ...(body !== undefined && { requestBody: describeBody(body) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]),
      ),
      ...(refusals !== undefined && describeRefusals(refusals)),
    },
  };
};

/** As in `postOauthToken`. */
const operationIdOf = (name: string): string =>
  name.toLowerCase().replace(/[^a-z0-9]+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase());

const describeParameter = (parameter: DescribedParameter): JsonSchema => ({
  name: parameter.name,
  in: parameter.in,
  required: parameter.isRequired,
  description: parameter.purpose,
  schema: parameter.schema,
});

const describeBody = ({ mediaTypes, kinds }: DescribedBody): JsonSchema => {
  const [first, ...others] = kinds.map(({ title, fields }) => describeFields(title, fields));
  const schema = others.length === 0 ? first : { oneOf: [first, ...others] };
  return { required: true, content: Object.fromEntries(mediaTypes.map((one) => [one, { schema }])) };
};

const describeFields = (title: string, fields: readonly DescribedField[]): JsonSchema => ({
  title,
  type: 'object',
  properties: Object.fromEntries(
    fields.map(({ name, purpose, schema }) => [name, { ...schema, description: purpose }]),
  ),
  required: fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
});

const describeAnswer = ({ summary, mediaType, schema, sample }: DescribedAnswer): JsonSchema => ({
  description: summary,
  ...(sample !== undefined && { headers: describeHeaders(sample.headers) }),
  ...(mediaType === 'text/html' && { content: { 'text/html': { schema: { type: 'string' } } } }),
  ...(schema !== undefined && {
    content: jsonContent(
      schema,
      sample === undefined || sample.body === '' ? {} : { example: JSON.parse(sample.body) as JsonSchema },
    ),
  }),
});
