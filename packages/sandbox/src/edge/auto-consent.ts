import type { WireRequest, WireResponse } from '@keyfob/server/wire';

/** Sends a request to the server of a world. */
export type Ask = (request: WireRequest) => Promise<WireResponse>;

/**
 * The simulated owners, in the order in which they are tried: the first has vehicles of three makes of one group, the next
 * of two other makes, and the last has none.
 */
const OWNERS = ['2', '3', '1', '4'] as const;

/** A form with its fields: those that are hidden, and every choice in it. */
type Form = ReadonlyMap<string, string>;

/**
 * The answer to an authorization request as if a simulated owner had signed in and agreed: the redirect with its code. The
 * pages are really visited, so what they refuse is refused. Where no owner has a vehicle of the requested make, it is the
 * redirect that says so; a request that gets no consent page is answered as it is.
 */
export const consentAtOnce = async (request: WireRequest, ask: Ask): Promise<WireResponse> => {
  let last: WireResponse | undefined;
  for (const owner of OWNERS) {
    const visit = createVisit(request, ask);
    const signIn = await visit.open();
    if (signIn.status !== 200) return signIn;
    if (findForm(signIn.body, 'sign_in') === undefined) return signIn;
    const page = await visit.send(signIn.body, 'sign_in', { owner });
    last = page;
    if (findForm(page.body, 'agree') === undefined) {
      if (findForm(page.body, 'no_vehicles') !== undefined && owner === OWNERS.at(-1))
        return visit.send(page.body, 'no_vehicles', {});
      continue;
    }
    return visit.send(page.body, 'agree', {});
  }
  return last ?? ask(request);
};

/** One browser: it keeps its cookies and follows redirects within the page's own address. */
const createVisit = (request: WireRequest, ask: Ask) => {
  const cookies = new Map<string, string>();
  const send = async (method: string, body: string): Promise<WireResponse> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await ask({
      ...request,
      method,
      headers: {
        ...request.headers,
        accept: 'text/html',
        ...(cookie === '' ? {} : { cookie }),
        ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: Buffer.from(body),
    });
    const set = /^([^=;]+)=([^;]*)/.exec(answer.headers['Set-Cookie'] ?? '');
    if (set?.[1] !== undefined) cookies.set(set[1], set[2] ?? '');
    return answer;
  };
  const open = (): Promise<WireResponse> => send('GET', '');
  return {
    open,
    /** Sends the form of a page that has this action, and opens the page that it leads back to. */
    async send(page: string, action: string, more: Readonly<Record<string, string>>): Promise<WireResponse> {
      const form = findForm(page, action) ?? new Map();
      const fields = new URLSearchParams([...form, ...Object.entries(more)]);
      fields.set('action', action);
      const answer = await send('POST', fields.toString());
      return answer.status === 303 ? open() : answer;
    },
  };
};

const FORM = /<form\b[^>]*>(?<content>.*?)<\/form>/gs;
const FIELD = /<(?:input|button)\b(?<attributes>[^>]*)>/g;

/** The fields of the form with a button or a hidden field for an action; `undefined` where the page has none. */
const findForm = (page: string, action: string): Form | undefined => {
  for (const { groups } of page.matchAll(FORM)) {
    const content = groups?.['content'] ?? '';
    const fields = [...content.matchAll(FIELD)].map((field) => field.groups?.['attributes'] ?? '');
    const isFor = fields.some(
      (attributes) => attribute(attributes, 'name') === 'action' && attribute(attributes, 'value') === action,
    );
    if (!isFor) continue;
    const inputs = fields.filter((attributes) => /type="(?:hidden|checkbox|radio)"/.test(attributes));
    return new Map(
      inputs.map((attributes) => [
        attribute(attributes, 'name') ?? '',
        attribute(attributes, 'value') ?? 'on',
      ]),
    );
  }
  return undefined;
};

const attribute = (attributes: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1];
