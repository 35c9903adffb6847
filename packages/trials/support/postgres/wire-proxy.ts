import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What becomes of the packet that the fault is for. */
type Fault =
  /** It never reaches the database, and the connection is cut. */
  | 'cut_before'
  /** The database gets it and answers, and the connection is cut before that passes. */
  | 'cut_after'
  /** The database gets it, and no answer passes. */
  | 'hold'
  /** The connection is cut, and the database gets it only when it is delivered. */
  | 'late';

/** A proxy between a store and its database, which can lose what it passes. */
export type WireProxy = {
  readonly port: number;
  /** How often a connection has turned from being answered to asking: its round trips. */
  turns(): number;
  /**
   * The next packet that holds these bytes meets this fault. Resolves when it has come. What tells its answer from those to
   * earlier packets are the same bytes, where not given.
   */
  fail(fault: Fault, bytes: string, answer?: string): Promise<void>;
  /** The packet that was late reaches the database. Resolves when that has answered it. */
  deliver(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  /** From now on every new connection leads to this port, as after a failover. */
  lead(port: number): void;
  /** Refuses every connection, and cuts those there are, until told otherwise. */
  refuse(isRefusing: boolean): void;
  /** While it holds, no connection that is asked something is answered any more, and none ever after. */
  hold(isHolding: boolean): void;
  close(): Promise<void>;
};

/** In front of a port; `onAsked` is called with all that is asked of it. */
export const openWireProxy = async (
  firstPort: number,
  onAsked: (bytes: Buffer) => void = () => {},
): Promise<WireProxy> => {
  let port = firstPort;
  const sockets = new Set<Socket>();
  let turns = 0;
  let isRefusing = false;
  let isHolding = false;
  let armed: { readonly fault: Fault; readonly bytes: string; answer: string; met(): void } | undefined;
  let late: { readonly database: Socket; readonly chunk: Buffer } | undefined;

  const pair = (client: Socket, database: Socket): void => {
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        if (late?.database !== database) database.destroy();
      });
    }
  };

  const server = createServer((client) => {
    if (isRefusing) return void client.resetAndDestroy();
    const database = connect(port, '127.0.0.1');
    pair(client, database);
    let isAsking = false;
    let fault: Fault | undefined;
    let answer = '';
    let answered = '';
    client.on('data', (chunk: Buffer) => {
      if (!isAsking) turns++;
      isAsking = true;
      onAsked(chunk);
      if (isHolding) fault ??= 'hold';
      if (armed !== undefined && chunk.includes(armed.bytes)) {
        ({ fault, answer } = armed);
        armed.met();
        armed = undefined;
      }
      if (fault === 'late') {
        late = { database, chunk };
        sockets.delete(database);
      }
      if (fault === 'cut_before' || fault === 'late') client.destroy();
      else database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => {
      isAsking = false;
      answered += chunk.toString('latin1');
      if (fault === 'cut_after' && answered.includes(answer)) client.destroy();
      else if (fault === undefined) client.write(chunk);
      if (fault === undefined) answered = '';
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    turns: () => turns,
    fail: (fault, bytes, answer = bytes) => new Promise((met) => (armed = { fault, bytes, answer, met })),
    async deliver() {
      if (late === undefined) return;
      const { database, chunk } = late;
      const answered = once(database, 'data');
      database.write(chunk);
      await answered;
      late = undefined;
      database.destroy();
    },
    cut,
    lead: (to) => void (port = to),
    hold: (holding) => void (isHolding = holding),
    refuse(refusing) {
      isRefusing = refusing;
      if (refusing) cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
};
