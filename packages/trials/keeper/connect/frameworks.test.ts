import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { Hono } from 'hono';
import { connectRoutes as expressRoutes } from '@keyfob/keeper/express';
import { connectRoutes as honoRoutes } from '@keyfob/keeper/hono';
import type { Keeper } from '@keyfob/keeper';
import type { Scope } from '../../support/test-directory.ts';
import { createBrowser } from './browser.ts';
import { connectWorldFor } from './connect-world.ts';

/** Starts a real server whose port must be known before its application is made. */
const listenFor = async (scope: Scope): Promise<{ readonly server: Server; readonly site: string }> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, site: `http://localhost:${(server.address() as AddressInfo).port}` };
};

const SCOPE = ['read_vehicle_info'];

/** An application in each framework: who is signed in stands in a header, as a session of its own would say it. */
const APPLICATIONS: Readonly<Record<string, (keeper: Keeper, site: string) => (server: Server) => void>> = {
  hono(keeper, site) {
    const app = new Hono();
    app.get('/', (context) => context.text('home'));
    app.route(
      '/',
      honoRoutes(keeper, {
        client: 'smartcar',
        redirectUri: `${site}/callback`,
        nameOf: (context) => context.req.header('x-user'),
        scope: SCOPE,
        done: '/done',
      }),
    );
    const listener = getRequestListener(app.fetch);
    return (server) => server.on('request', (request, response) => void listener(request, response));
  },
  express(keeper, site) {
    const app = express();
    app.use(
      '/',
      expressRoutes(keeper, {
        client: 'smartcar',
        redirectUri: `${site}/callback`,
        nameOf: (request) => request.headers['x-user']?.toString(),
        scope: SCOPE,
        done: '/done',
      }),
    );
    app.get('/', (_request, response) => response.send('home'));
    return (server) => server.on('request', app);
  },
};

for (const [name, make] of Object.entries(APPLICATIONS))
  describe(`the routes in ${name}`, () => {
    it('connect a car, and leave the other pages alone', async (scope) => {
      const { keeper } = await connectWorldFor(scope);
      const { server, site } = await listenFor(scope);
      make(keeper, site)(server);
      const browser = createBrowser(site);
      assert.equal(await (await browser.open(site)).text(), 'home');
      assert.equal((await browser.open(`${site}/start`)).status, 403);
      const begun = await browser.open(`${site}/start`, { headers: { 'x-user': 'car-7' } });
      const back = await browser.open(begun.headers.get('location') ?? '');
      const done = await browser.open(back.headers.get('location') ?? '');
      assert.equal(done.status, 303, await done.text());
      assert.equal(done.headers.get('location'), `${site}/done`);
      assert.equal((await keeper.tryToken('car-7')).status, 'ok');
      assert.equal((await browser.open(back.headers.get('location') ?? '')).status, 400);
      assert.equal((await browser.open(`${site}/start`, { method: 'HEAD' })).status, 405);
    });
  });
