import { serve } from '@hono/node-server';
import { envKeys, openKeeper, smartcar, sqliteStore } from '@keyfob/keeper';
import { createApp } from './app.js';

const { SMARTCAR_CLIENT_ID: clientId, SMARTCAR_CLIENT_SECRET: clientSecret, ORIGIN: origin } = process.env;
const keeper = await openKeeper({
  store: sqliteStore('./keeper.db'),
  keys: envKeys('KEEPER_KEY'),
  clients: { sc: smartcar({ clientId, clientSecret }) },
  log: (event) => console.log(JSON.stringify(event)),
});
keeper.on('needs_consent', ({ connections }) => console.log('ask the owner of', connections.join(', ')));

const app = createApp(keeper, { origin, api: 'https://api.smartcar.com' });
const listener = serve({ fetch: app.fetch, port: 3000, hostname: '127.0.0.1' });
process.once('SIGTERM', async () => {
  listener.close();
  // Refreshes that are under way end first: their answers are on the disk before the process goes.
  await keeper.close();
});
