import { STATE_MAX_CHARACTERS } from '../authorization.ts';
import { TEXT_NOT_EMPTY } from '../../wire/route-description.ts';
import type { DescribedBody, DescribedParameter, JsonSchema } from '../../wire/route-description.ts';
import { PLEOS_BRANDS } from './brand.ts';
import type { BODY_FIELDS } from './fields.ts';
import { LANGUAGE } from './vehicle-data.ts';

/** A brand in any case, between texts of this pattern. */
export const brandPattern = (around: string): string => {
  const brands = PLEOS_BRANDS.map((brand) =>
    brand.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`),
  );
  return `^${around}(?:${brands.join('|')})${around}$`;
};

/** The header that every call for programs needs. */
export const BRAND: DescribedParameter = {
  in: 'header',
  name: 'Brand',
  isRequired: true,
  purpose: `The make, in any case: ${PLEOS_BRANDS.join(', ')}.`,
  schema: { type: 'string', pattern: brandPattern(' *') },
};

/** What the members of bodies are, by name. */
const MEMBERS: Readonly<Record<BodyMember, { readonly purpose: string; readonly schema?: JsonSchema }>> = {
  clientId: { purpose: 'The client.' },
  clientSecret: { purpose: 'Its secret.' },
  refreshToken: { purpose: 'The refresh token to exchange.' },
  code: { purpose: 'The authorization code.' },
  redirectUrl: { purpose: 'That of the login.' },
  state: {
    purpose: 'Handed back unchanged.',
    schema: { ...TEXT_NOT_EMPTY, maxLength: STATE_MAX_CHARACTERS },
  },
  lang: { purpose: 'The language of the page.', schema: { type: 'string', pattern: LANGUAGE.source } },
};
/** A member of some body. */
export type BodyMember = (typeof BODY_FIELDS)[keyof typeof BODY_FIELDS][number];

/** A body with these members, under a title. */
export const bodyOf = (title: string, names: readonly BodyMember[]): DescribedBody => ({
  mediaTypes: ['application/json'],
  kinds: [
    {
      title,
      fields: names.map((name) => ({ name, isRequired: true, schema: TEXT_NOT_EMPTY, ...MEMBERS[name] })),
    },
  ],
});

/** A parameter of a page that is opened in a browser. */
export const query = ({
  isRequired = true,
  schema = TEXT_NOT_EMPTY,
  ...words
}: Pick<DescribedParameter, 'name' | 'purpose'> & Partial<DescribedParameter>): DescribedParameter => ({
  in: 'query',
  isRequired,
  schema,
  ...words,
});
