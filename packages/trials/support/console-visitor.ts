import type { TestContext } from 'node:test';
import type { Role } from '@keyfob/server/operators';
import { openLivelyConsole } from './lively-console.ts';
import type { LivelyConsole } from './lively-console.ts';

/** Somebody who is signed in to the console, with a browser in a language. */
export type ConsoleVisitor = {
  read(path: string): Promise<string>;
  /** Sends a form of a page; answers the text of what comes then, or the address that the browser is sent to. */
  send(path: string, fields: Readonly<Record<string, string>>): Promise<string>;
};

export const visitConsole = async (
  trial: LivelyConsole,
  role: Role,
  language = 'en',
): Promise<ConsoleVisitor> => {
  const { adminUrl } = trial;
  const post = (path: string, fields: Readonly<Record<string, string>>, cookie = ''): Promise<Response> =>
    fetch(`${adminUrl}${path}`, {
      method: 'POST',
      headers: { Origin: adminUrl, Cookie: cookie, 'Accept-Language': language },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
  const link = new URL(await trial.link(role)).searchParams.get('link') ?? '';
  const cookie =
    ((await post('/console/login', { link })).headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  const headers = { Cookie: cookie, 'Accept-Language': language };
  const read = async (path: string): Promise<string> =>
    (await fetch(`${adminUrl}${path}`, { headers })).text();
  const token =
    /name="form_token" value="(?<token>[^"]+)"/.exec(await read('/console'))?.groups?.['token'] ?? '';
  return {
    read,
    async send(path, fields) {
      const answer = await post(path, { form_token: token, ...fields }, cookie);
      return answer.headers.get('location') ?? (await answer.text());
    },
  };
};

/** Opens a console for one test, and signs somebody in. */
export const signIn = async (
  t: TestContext,
  role: Role,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ trial: LivelyConsole; visitor: ConsoleVisitor }> => {
  const trial = await openLivelyConsole({ clientRegistration: true, ...settings });
  t.after(() => trial.close());
  return { trial, visitor: await visitConsole(trial, role) };
};
