import { createServer } from 'node:http';
import { openKeeper, smartcar, sqliteStore } from '@keyfob/keeper';
import { connectRoutes } from '@keyfob/keeper/connect';
import { FAST, KEYS } from '../kept-world.ts';

/** A node of a site in a process of its own. It reports its port, and then what it is about to do with a code. */
type Start = {
  readonly file: string;
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** Where it stops and waits to be killed. */
  readonly stopAt: 'before_send' | 'after_send';
};

const { file, origin, clientId, clientSecret, redirectUri, stopAt } = JSON.parse(
  process.argv[2] ?? '',
) as Start;
const client = smartcar({ clientId, clientSecret, origin });
const keeper = await openKeeper({
  store: sqliteStore(file),
  keys: KEYS,
  clients: { smartcar: { ...client, provider: { ...client.provider, exchangeSeconds: 0.2 } } },
  timing: { ...FAST, callerWaitMs: 100 },
  isScheduling: false,
  async transport(_, { maySend }) {
    if (stopAt === 'after_send') await maySend();
    process.stdout.write('stopped\n');
    return new Promise(() => undefined);
  },
});
const routes = connectRoutes(keeper, { client: 'smartcar', redirectUri, nameOf: () => 'car-1' });
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', redirectUri);
  const cookie = request.headers.cookie ?? '';
  const answer = async (): Promise<void> => {
    const { status } = await routes.callback(new Request(url, { headers: { cookie } }));
    response.writeHead(status).end();
  };
  void answer();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
