/** A browser without scripts: it keeps cookies, and follows no redirect by itself. */
export type Browser = {
  open(url: string, init?: RequestInit): Promise<Response>;
  /** Opens a URL, and every one to which it is sent. The last answer, and the URLs. */
  follow(url: string): Promise<{ readonly response: Response; readonly urls: readonly string[] }>;
  readonly cookies: Map<string, string>;
};

/** What a page is asked with: a real server, or routes in this process. */
export type Ask = (request: Request) => Promise<Response>;

const HOPS_MAX = 10;

/** A browser for pages of one site, which `ask` answers, and for all others by the network. */
export const createBrowser = (site: string, ask: Ask = fetch): Browser => {
  const cookies = new Map<string, string>();
  const open = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const isOwn = url.startsWith(site);
    const headers = new Headers(init.headers ?? {});
    if (isOwn && cookies.size > 0)
      headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const request = new Request(url, { ...init, headers, redirect: 'manual' });
    const response = await (isOwn ? ask(request) : fetch(request));
    for (const line of isOwn ? response.headers.getSetCookie() : []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  return {
    cookies,
    open,
    async follow(first) {
      const urls = [first];
      for (;;) {
        const response = await open(urls.at(-1) ?? '');
        const location = response.headers.get('location');
        if (location === null || urls.length > HOPS_MAX) return { response, urls };
        urls.push(new URL(location, urls.at(-1)).href);
        if (!location.includes('/callback') && !location.includes('/start') && location.startsWith(site))
          return { response, urls };
      }
    },
  };
};
