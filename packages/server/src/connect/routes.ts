import { pleosLogin } from '../dialects/pleos-login.ts';
import { smartcarAuthorize } from '../dialects/smartcar-authorize.ts';
import type { RouteGroup } from '../http/routes.ts';
import { createAuthorizeRoutes } from './authorize.ts';
import type { ConnectContext } from './context.ts';
import { messageOf, renderMessage } from './message-page.ts';
import { createOwnerRoutes } from './owner.ts';
import { createSelectRoutes } from './select-vehicles.ts';
import { settingOf } from './setting.ts';
import { CALLBACK_PATH, finishSignIn } from './sign-in.ts';
import { renderStylesheet, STYLESHEET_PATH } from './stylesheet.ts';

/** How the clients of each vendor send owners here. A new vendor is one more row. */
const WIRES = [smartcarAuthorize, pleosLogin];

/** Everything that an owner sees; whatever is refused here is a page too. */
export const createConnectRoutes = (context: ConnectContext): RouteGroup => ({
  name: 'connect',
  routes: {
    ...Object.assign({}, ...WIRES.map((wire) => createAuthorizeRoutes(context, wire))),
    ...createSelectRoutes(context),
    ...createOwnerRoutes(context),
    [`GET ${CALLBACK_PATH}`]: (visit) => finishSignIn(context, visit),
    [`GET ${STYLESHEET_PATH}`]: renderStylesheet,
  },
  renderRefusal: ({ reason, details }, { request }) =>
    renderMessage(messageOf(reason), settingOf(context, request), { detail: details[0]?.message }),
});
