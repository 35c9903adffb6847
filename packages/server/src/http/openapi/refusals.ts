import { Refusal } from '../../errors.ts';
import type { OAuthError, RefusalReason } from '../../errors.ts';
import { SAMPLE_EXCHANGE, SAMPLE_NONCE } from '../../wire/route-description.ts';
import type { JsonSchema, RouteDescription } from '../../wire/route-description.ts';
import { describeHeaders, jsonContent } from './content.ts';

type StatusOf = {
  readonly headers: Record<string, string>;
  readonly lines: Set<string>;
  readonly examples: Record<string, JsonSchema>;
};

/**
 * The refusals of a route by status. Each of its reasons is rendered as on the wire, so status, headers, code and text are
 * those that a client gets. Reasons with the same answer are one, because the wire does not tell them apart.
 */
export const describeRefusals = ({
  reasons,
  ownErrors = [],
  format,
}: NonNullable<RouteDescription['refusals']>): Readonly<Record<string, JsonSchema>> => {
  const statuses = new Map<number, StatusOf>();
  for (const refusal of reasons.flatMap((reason) => refusalsFor(reason, ownErrors))) {
    const choices = format.renderChoices?.(refusal, SAMPLE_EXCHANGE) ?? [];
    for (const { status, headers, body } of [format.render(refusal, SAMPLE_EXCHANGE), ...choices]) {
      const value: unknown = JSON.parse(body);
      const { code, text } = format.read(value);
      const known = statuses.get(status) ?? { headers: {}, lines: new Set(), examples: {} };
      statuses.set(status, known);
      Object.assign(known.headers, headers);
      known.lines.add(`- \`${code}\`: ${text}`);
      known.examples[code] ??= { value };
    }
  }
  return Object.fromEntries(
    [...statuses].map(([status, { headers, lines, examples }]) => [
      status,
      {
        description: [...lines].join('\n'),
        headers: describeHeaders(headers),
        content: jsonContent(format.schema, { examples }),
      },
    ]),
  );
};

/** As a route throws them for a reason. */
const refusalsFor = (reason: RefusalReason, ownErrors: readonly OAuthError[]): readonly Refusal[] => {
  if (reason === 'proof_nonce_missing') return [new Refusal(reason, [], { headers: SAMPLE_NONCE })];
  if (reason === 'grant_type_specific' && ownErrors.length > 0)
    return ownErrors.map((oauthError) => new Refusal(reason, [], { oauthError }));
  return [new Refusal(reason)];
};
