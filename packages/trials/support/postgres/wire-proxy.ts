import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What happens to the packet with the fault. */
type Fault =
  /** The packet does not reach the database, and the connection is cut. */
  | 'cut_before'
  /** The packet reaches the database, and the connection is cut before the answer. */
  | 'cut_after'
  /** The packet reaches the database, and the answer is dropped. */
  | 'hold'
  /** The connection is cut, and only `deliver` sends the packet to the database. */
  | 'late';

/** A proxy between a store and its database that can lose packets. */
export type WireProxy = {
  readonly port: number;
  /** The number of round trips: how often a connection has turned from receiving to sending. */
  turns(): number;
  /**
   * Applies the fault to the next packet with these bytes. Resolves when the packet arrives. The bytes of `answer` (by
   * default the same bytes) identify its answer.
   */
  fail(fault: Fault, bytes: string, answer?: string): Promise<void>;
  /** Sends the late packet to the database. Resolves when the database answers. */
  deliver(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
  /** Connects new connections to this port, as after a failover. */
  redirect(port: number): void;
  /** Refuses new connections and cuts the existing ones, until called with `false`. */
  refuse(isRefusing: boolean): void;
  /** Drops all answers while `true`. Connections with a dropped answer stay silent afterwards. */
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
    redirect: (to) => void (port = to),
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
