import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A server of `node:http` alone, as a separate process, to compare with. */
export type BareServer = { readonly url: string; readonly pid: number; stop(): void };

const SOURCE = `
const server = require('node:http').createServer((request, response) => response.writeHead(404).end('none'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

export const startBareServer = async (): Promise<BareServer> => {
  const args = ['--max-semi-space-size=16', '--eval', SOURCE];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => void child.kill() };
};
