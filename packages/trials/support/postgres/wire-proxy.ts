import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What happens to the packet that the fault is for. */
type Fault =
  /** It does not reach the database, and the connection is cut. */
  | 'cut_before'
  /** It reaches the database, and the connection is cut before the answer passes. */
  | 'cut_after'
  /** It reaches the database, and no answer passes. */
  | 'hold'
  /** The connection is cut, and the packet reaches the database only by `deliver`. */
  | 'late';

/** A proxy between a store and its database that can lose packets. */
export type WireProxy = {
  readonly port: number;
  /** The number of round trips: how often a connection has turned from receiving to sending. */
  turns(): number;
  /**
   * The next packet with these bytes meets this fault. Resolves when it has arrived. Its answer is recognized by the bytes
   * of `answer`, or by the same bytes where that is absent.
   */
  fail(fault: Fault, bytes: string, answer?: string): Promise<void>;
  /** Sends the late packet to the database. Resolves when it is answered. */
  deliver(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  /** From now on, new connections lead to this port, as after a failover. */
  lead(port: number): void;
  /** Refuses new connections and cuts the existing ones, until called with `false`. */
  refuse(isRefusing: boolean): void;
  /** While it holds, no statement is answered; a connection that had one stays silent afterwards. */
  hold(isHolding: boolean): void;
  close(): Promise<void>;
};

/** Opens a proxy in front of a port. `onSent` is called with everything that a store sends. */
export const openWireProxy = async (
  firstPort: number,
  onSent: (bytes: Buffer) => void = () => {},
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
    let isSending = false;
    let fault: Fault | undefined;
    let answer = '';
    let answered = '';
    client.on('data', (chunk: Buffer) => {
      if (!isSending) turns++;
      isSending = true;
      onSent(chunk);
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
      isSending = false;
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
