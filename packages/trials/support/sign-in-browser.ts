/** A browser as far as the console needs one: it keeps cookies by origin, and follows redirects of both sides. */
export type SignInBrowser = {
  ask(url: string): Promise<Response>;
  /** Sends a form, as a page of the same origin does. */
  send(url: string, fields: Readonly<Record<string, string>>): Promise<Response>;
  /** Follows redirects; answers what does not redirect, or the first answer whose target begins with `until`. */
  follow(url: string, until?: string): Promise<Response>;
  /** By origin. */
  readonly cookies: ReadonlyMap<string, ReadonlyMap<string, string>>;
};

const HOPS_MAX = 10;

export const createSignInBrowser = (): SignInBrowser => {
  const cookies = new Map<string, Map<string, string>>();
  const request = async (url: string, options: RequestInit = {}): Promise<Response> => {
    const { origin } = new URL(url);
    const own = cookies.get(origin) ?? new Map<string, string>();
    cookies.set(origin, own);
    const Cookie = [...own].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { Cookie, Origin: origin };
    const response = await fetch(url, { redirect: 'manual', headers, ...options });
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split(/=(.*)/s);
      if (set.includes('Max-Age=0;')) own.delete(name);
      else own.set(name, value);
    }
    return response;
  };
  return {
    ask: (url) => request(url),
    send: (url, fields) => request(url, { method: 'POST', body: new URLSearchParams(fields) }),
    cookies,
    async follow(from, until) {
      let url = from;
      for (let hops = 0; hops < HOPS_MAX; hops++) {
        const response = await request(url);
        const location = response.headers.get('location');
        if (location === null) return response;
        url = new URL(location, url).href;
        if (until !== undefined && url.startsWith(until)) return response;
      }
      throw new Error('the redirects do not end');
    },
  };
};
