import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Keeper } from '../keeper.ts';
import { connectRoutes as createRoutes } from './connect.ts';
import type { ConnectOptions } from './connect.ts';

/** The two routes for Hono: `app.route('/connect', connectRoutes(keeper, options))` gives `/connect/start` and `/connect/callback`. */
export const connectRoutes = (keeper: Pick<Keeper, 'consent'>, options: ConnectOptions<Context>): Hono => {
  const routes = createRoutes(keeper, options);
  return new Hono()
    .all('/start', (context) => routes.start(context.req.raw, context))
    .all('/callback', (context) => routes.callback(context.req.raw));
};
