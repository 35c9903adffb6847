import { Refusal } from '../errors.ts';
import { readJsonObject } from './json.ts';
import { isRepeatable, joinValues } from './repeatable.ts';

/**
 * The parameters of a JSON body, by the rules of a form (`form.ts`): an empty or null member counts as absent, unknown ones are
 * kept and ignored, and a repeatable one may be an array of texts. Throws a `Refusal` where a member is no text.
 */
export const readJsonParameters = (body: Buffer): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(readJsonObject(body))) {
    if (value === null) continue;
    const texts = isRepeatable(name) && Array.isArray(value) ? (value as readonly unknown[]) : [value];
    for (const text of texts) {
      if (text === '') continue;
      if (typeof text !== 'string') throw new Refusal('body_malformed');
      parameters.set(name, joinValues(parameters.get(name), text));
    }
  }
  return parameters;
};
