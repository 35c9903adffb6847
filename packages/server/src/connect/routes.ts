import { pleosLogin } from '../dialects/pleos/authorize.ts';
import { smartcarAuthorize } from '../dialects/smartcar/authorize.ts';
import type { RouteGroup } from '../wire/route.ts';
import { createAuthorizeRoutes } from './authorize-routes.ts';
import type { ConnectContext } from './context.ts';
import { messageOf, renderMessage } from './pages/message-page.ts';
import { createOwnerRoutes } from './owner-routes.ts';
import { createSelectRoutes } from './vehicles/select-vehicles.ts';
import { createPageContext } from './pages/page-context.ts';
import { CALLBACK_PATH, finishSignIn } from './sign-in/sign-in.ts';
import { renderStylesheet, STYLESHEET_PATH } from './pages/stylesheet.ts';

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
    renderMessage(messageOf(reason), createPageContext(context, request), { detail: details[0]?.message }),
});
