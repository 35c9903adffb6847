import { NeedsConsentError, UnavailableError } from '@keyfob/keeper';
import { connectRoutes } from '@keyfob/keeper/hono';
import { Hono } from 'hono';

/** Your sign-in says whose car it is. Here a cookie stands for the session. */
const carOf = (context) => /(?:^|; )car=([\w:-]+)/.exec(context.req.header('cookie') ?? '')?.[1];

/** An application whose owners connect a car and see its vehicles. `origin` is its own, `api` that of the car maker. */
export const createApp = (keeper, { origin, api }) => {
  const app = new Hono();
  app.route(
    '/',
    connectRoutes(keeper, {
      client: 'sc',
      redirectUri: `${origin}/callback`,
      nameOf: carOf,
      scope: ['read_vehicle_info', 'read_odometer'],
      done: '/vehicles',
    }),
  );
  app.get('/vehicles', async (context) => {
    const car = carOf(context);
    if (car === undefined) return context.text('Sign in first', 401);
    const response = await keeper.fetch(car)(`${api}/v2.0/vehicles`);
    return context.json(await response.json(), response.status);
  });
  app.onError((error, context) => {
    // Only this one needs the owner. The link is the same for a first and for a later consent.
    if (error instanceof NeedsConsentError)
      return context.json({ connect: '/start', cause: error.cause }, 409);
    // An outage: the car stays connected, and nobody is asked for anything.
    if (error instanceof UnavailableError) {
      const seconds = Math.max(1, Math.ceil((error.retryAtMs - Date.now()) / 1000));
      return context.json({ reason: error.reason }, 503, { 'Retry-After': String(seconds) });
    }
    throw error;
  });
  return app;
};
