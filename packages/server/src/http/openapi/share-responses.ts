import type { JsonSchema } from '../../wire/route-description.ts';

type Paths = Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;

/**
 * Moves responses that several operations have to components, where each is written once. A name is that of the dialect's
 * error with the status, and a number where several responses would have it.
 */
export const shareResponses = (
  paths: Paths,
): { readonly paths: Paths; readonly responses: Readonly<Record<string, JsonSchema>> } => {
  const uses = new Map<string, number>();
  for (const { response } of responsesOf(paths)) {
    const text = JSON.stringify(response);
    uses.set(text, (uses.get(text) ?? 0) + 1);
  }
  const names = new Map<string, string>();
  const responses: Record<string, JsonSchema> = {};
  for (const { status, response } of responsesOf(paths)) {
    const text = JSON.stringify(response);
    if (uses.get(text) === 1 || names.has(text)) continue;
    const base = `${schemaNameOf(text) ?? 'Page'}.${status}`;
    let name = base;
    for (let number = 2; name in responses; number++) name = `${base}.${number}`;
    names.set(text, name);
    responses[name] = response;
  }
  const share = (response: JsonSchema): JsonSchema => {
    const name = names.get(JSON.stringify(response));
    return name === undefined ? response : { $ref: `#/components/responses/${name}` };
  };
  return { paths: mapResponses(paths, share), responses };
};

const responsesOf = (paths: Paths): readonly { readonly status: string; readonly response: JsonSchema }[] =>
  Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap((operation) =>
      Object.entries(operation['responses'] as Record<string, JsonSchema>).map(([status, response]) => ({
        status,
        response,
      })),
    ),
  );

const mapResponses = (paths: Paths, change: (response: JsonSchema) => JsonSchema): Paths =>
  mapValues(paths, (methods) =>
    mapValues(methods, (operation) => ({
      ...operation,
      responses: mapValues(operation['responses'] as Record<string, JsonSchema>, change),
    })),
  );

const mapValues = <Value, Mapped>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Mapped,
): Readonly<Record<string, Mapped>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

const schemaNameOf = (response: string): string | undefined =>
  /#\/components\/schemas\/(\w+)/.exec(response)?.[1];
