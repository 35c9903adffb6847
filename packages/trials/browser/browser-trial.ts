import type { DialectName } from '../support/dialect-name.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDeployment, parseConfig } from '@keyfob/server';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { openBrowser } from '../support/chromium.ts';

/** A client that the demo registers. */
type DemoClient = {
  readonly dialect: DialectName;
  readonly clientId: string;
  readonly clientSecret: string;
};

/** The app to which the pages redirect, as a browser sees it. */
type App = {
  readonly origin: string;
  readonly redirectUri: string;
  close(): Promise<void>;
};

/** A real server with demo owners, an app and a browser. */
export type BrowserTrial = {
  readonly url: string;
  readonly server: KeyfobServer;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly app: App;
  /** Opens a window of the size of a phone, without cookies. */
  open(options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
};

const PHONE = { width: 390, height: 844 };

const openApp = async (): Promise<App> => {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(
      '<!doctype html><html lang="en"><title>The app</title><main><h1>Back in the app</h1></main></html>',
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    redirectUri: `${origin}/callback`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
};

/** Registers the app in place of the demo's own callback page. */
const registerReturn = async (
  { dataDirectory }: KeyfobServer,
  { clientId }: DemoClient,
  { redirectUri }: App,
): Promise<void> => {
  const config = parseConfig({ flags: { data: dataDirectory }, environment: {}, file: {} });
  const deployment = await openDeployment(config);
  await deployment.store.changeClient(clientId, {
    redirectUris: [redirectUri],
    consentRedirectUri: redirectUri,
  });
  await deployment.close();
};

/** Starts the server, the app and the browser for a dialect. */
export const openBrowserTrial = async (dialect: DialectName): Promise<BrowserTrial> => {
  const server = await startKeyfob({ args: ['--demo'] });
  const app = await openApp();
  const contexts: BrowserContext[] = [];
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await app.close();
    await server.stop();
    removeDataDirectory(server.dataDirectory);
  };
  try {
    browser = await openBrowser();
    const demo = server.listening['demo'] as readonly DemoClient[];
    const client = demo.find((one) => one.dialect === dialect);
    if (client === undefined) throw new Error(`the demo has no client of ${dialect}`);
    await registerReturn(server, client, app);
    const opened = browser;
    return {
      url: server.url,
      server,
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      app,
      async open(options = {}) {
        const context = await opened.newContext({ viewport: PHONE, deviceScaleFactor: 2, ...options });
        contexts.push(context);
        return context.newPage();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Waits until the browser is back in the app. Returns the parameters of the redirect. */
export const waitForApp = async (page: Page, { app }: BrowserTrial): Promise<URLSearchParams> => {
  await page.waitForURL((url) => url.origin === app.origin);
  return new URL(page.url()).searchParams;
};
