import type { WireRequest, WireResponse } from '@keyfob/server/wire';
import type { Ask } from '../control/control.ts';
import { problemOf } from '../control/problem.ts';
import { SandboxError } from '../sandbox-error.ts';
import { ACTIONS } from './actions.ts';
import { renderPage } from './document.ts';
import { grantPage } from './grant-page.ts';
import type { GrantView } from './grant-page.ts';
import { messagePage } from './message-page.ts';
import { createNotices } from './notices.ts';
import type { Notice, Notices } from './notices.ts';
import { SCRIPT, STYLESHEET } from './static-files.ts';
import { worldPage } from './world-page.ts';
import { readWorlds, readWorldView } from './world-view.ts';
import type { ShownClock, ShownGrant, ShownTokens } from './world-view.ts';

/** `/_sandbox/`, `/_sandbox/page/WORLD`, `…/grants/GRANT`, and the actions of its forms. */
const PLACE =
  /^\/_sandbox(?:\/|\/page\/(?<world>[A-Za-z0-9-]{1,40})(?:\/grants\/(?<grant>[A-Za-z0-9]{1,40})|\/(?<action>[a-z-]{1,40}))?\/?)?$/;
const FORM_MAX_BYTES = 65_536;

/** The pages, over nothing but the control API. `undefined` where a request is for no page. */
export const createPages = (ask: Ask): ((request: WireRequest) => Promise<WireResponse | undefined>) => {
  const notices = createNotices();
  return async (request) => {
    const file = [STYLESHEET, SCRIPT].find(({ path }) => path === request.path);
    if (file !== undefined) return file.answer;
    const groups = PLACE.exec(request.path)?.groups;
    if (groups === undefined) return undefined;
    const { world = 'default', grant, action } = groups;
    try {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (action === undefined && isRead) return await show({ ask, notices }, request, world, grant);
      if (action !== undefined && request.method === 'POST')
        return await act({ ask, notices }, request, world, action);
      throw isRead ? noSuchPage() : wrongMethod();
    } catch (error) {
      return renderPage(messagePage(problemOf(error), await readWorlds(ask)));
    }
  };
};

type Context = { readonly ask: Ask; readonly notices: Notices };

const show = async (
  { ask, notices }: Context,
  { query }: WireRequest,
  world: string,
  grant: string | undefined,
): Promise<WireResponse> => {
  const notice = notices.find(new URLSearchParams(query).get('notice') ?? '', world);
  if (grant === undefined) return renderPage(worldPage(await readWorldView(ask, world), notice));
  return renderPage(grantPage(await readGrantView(ask, world, grant), notice));
};

const readGrantView = async (ask: Ask, world: string, grant: string): Promise<GrantView> => {
  const path = `/worlds/${world}`;
  const read = <Value>(below: string): Promise<Value> =>
    ask({ method: 'GET', path: `${path}${below}` }) as Promise<Value>;
  return {
    world,
    worlds: await readWorlds(ask),
    nowMs: (await read<ShownClock>('/clock')).nowMs,
    grant: await read<ShownGrant>(`/grants/${grant}`),
    tokens: await read<ShownTokens>(`/grants/${grant}/tokens`),
  };
};

const act = async (
  { ask, notices }: Context,
  request: WireRequest,
  world: string,
  name: string,
): Promise<WireResponse> => {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw noSuchPage();
  const form = readForm(request);
  const leadTo = (place: string, notice: Omit<Notice, 'world'>): WireResponse => {
    const id = notices.add({ ...notice, world: place });
    const grant =
      form.get('from') === 'grant' ? `/grants/${encodeURIComponent(form.get('grant') ?? '')}` : '';
    const location = `/_sandbox/page/${place}${grant}?notice=${id}`;
    return { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' }, body: '' };
  };
  try {
    const answer = await ask({ ...action.call(form, world), origin: request.headers['origin'] });
    const said = action.say(answer as never, form);
    const place = { answer: (answer as { readonly id?: string } | undefined)?.id, default: 'default' };
    return leadTo((action.leadsTo && place[action.leadsTo]) ?? world, { kind: 'done', ...said });
  } catch (error) {
    const { detail, remedy } = problemOf(error);
    // Where the world itself is gone, there is no page that could say it.
    await ask({ method: 'GET', path: `/worlds/${world}` });
    form.delete('token');
    return leadTo(world, {
      kind: 'problem',
      title: `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.`,
      lines: [remedy],
      form,
    });
  }
};

/** The fields of a form of these pages. Another site can send a form as well, but not with our origin, which the edge compares. */
const readForm = ({ headers, body }: WireRequest): URLSearchParams => {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded')
    throw new SandboxError(
      'content_type_wrong',
      'this is for the forms of the page',
      'Programs use the API.',
    );
  if (headers['origin'] === undefined)
    throw new SandboxError(
      'origin_missing',
      'the form does not say from which page it comes',
      'Send it from the page itself; programs use the API.',
    );
  if (body.length > FORM_MAX_BYTES)
    throw new SandboxError('body_too_large', 'the form is larger than 64 KiB', 'Send less.');
  return new URLSearchParams(body.toString());
};

const noSuchPage = (): SandboxError =>
  new SandboxError('not_found', 'there is no such page', 'Begin at /_sandbox/.');
const wrongMethod = (): SandboxError =>
  new SandboxError('method_not_allowed', 'this page is read with GET', 'Use the forms of the page.');
