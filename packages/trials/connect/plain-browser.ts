import assert from 'node:assert/strict';

/** A response as the server sent it. */
export type PlainPage = {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The absolute URL of its redirect; empty if it is not a redirect. */
  readonly location: string;
  /** Where a browser goes from here by itself: by its redirect, or by its refresh at once; empty if it stays. */
  readonly target: string;
};

/** A browser without scripts. It keeps cookies per host and port, and follows redirects only when asked to. */
export type PlainBrowser = {
  readonly cookies: Map<string, string>;
  open(url: string, headers?: Readonly<Record<string, string>>): Promise<PlainPage>;
  /** Opens a URL, and follows redirects and refreshes as long as they lead to one of these origins. */
  follow(url: string, ...origins: readonly string[]): Promise<PlainPage>;
  /** Submits the form that contains this button, with additional fields. */
  press(
    page: PlainPage,
    button: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<PlainPage>;
};

/** `fetchPage` sends its requests, where the usual one cannot. */
export const createPlainBrowser = (fetchPage: typeof fetch = fetch): PlainBrowser => {
  const cookies = new Map<string, string>();
  const send = async (url: string, init: RequestInit): Promise<PlainPage> => {
    const { host } = new URL(url);
    const jar = [...cookies].flatMap(([key, value]) => {
      const [origin, name] = key.split(' ');
      return origin === host ? [`${name ?? ''}=${value}`] : [];
    });
    const headers = new Headers(init.headers);
    if (jar.length > 0) headers.set('Cookie', jar.join('; '));
    const response = await fetchPage(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const equals = pair.indexOf('=');
      cookies.set(`${host} ${pair.slice(0, equals)}`, pair.slice(equals + 1));
    }
    const to = response.headers.get('location');
    const body = await response.text();
    const refreshTo = /<meta http-equiv="refresh" content="0;url=(?<to>[^"]*)"/.exec(body)?.groups?.['to'];
    const target = to ?? (refreshTo === undefined ? undefined : unescape(refreshTo));
    return {
      url,
      status: response.status,
      headers: response.headers,
      body,
      location: to === null ? '' : new URL(to, url).href,
      target: target === undefined ? '' : new URL(target, url).href,
    };
  };
  const browser: PlainBrowser = {
    cookies,
    open: (url, headers = {}) => send(url, { headers }),
    async follow(url, ...origins) {
      let page = await browser.open(url);
      for (let hops = 0; hops < 10 && origins.includes(originOf(page.target)); hops++)
        page = await browser.open(page.target);
      return page;
    },
    press(page, button, fields = {}, headers = {}) {
      const form = formsOf(page).find(({ buttons }) => buttons.some(([, value]) => value === button));
      assert.ok(form !== undefined, `no button ${button} on: ${page.body}`);
      const pressed = form.buttons.find(([, value]) => value === button) ?? ['', ''];
      const body = new URLSearchParams();
      for (const [name, value] of [...form.hidden, pressed, ...Object.entries(fields)])
        body.append(name, value);
      return send(new URL(form.action, page.url).href, { method: 'POST', body, headers });
    },
  };
  return browser;
};

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : '');

type Form = {
  readonly action: string;
  readonly hidden: readonly (readonly [string, string])[];
  readonly buttons: readonly (readonly [string, string])[];
};

export const formsOf = ({ body }: Pick<PlainPage, 'body'>): readonly Form[] =>
  [...body.matchAll(/<form\b(?<head>[^>]*)>(?<inside>[^]*?)<\/form>/g)].map(({ groups = {} }) => ({
    action: attributeOf(groups['head'] ?? '', 'action'),
    hidden: fieldsOf(groups['inside'] ?? '', /<input\b(?<head>[^>]*type="hidden"[^>]*)>/g),
    buttons: fieldsOf(groups['inside'] ?? '', /<button\b(?<head>[^>]*)>/g),
  }));

const fieldsOf = (inside: string, pattern: RegExp): readonly (readonly [string, string])[] =>
  [...inside.matchAll(pattern)].map(({ groups = {} }) => [
    attributeOf(groups['head'] ?? '', 'name'),
    attributeOf(groups['head'] ?? '', 'value'),
  ]);

const attributeOf = (head: string, name: string): string =>
  unescape(new RegExp(`\\b${name}="(?<value>[^"]*)"`).exec(head)?.groups?.['value'] ?? '');

const unescape = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
