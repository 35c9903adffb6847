import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A proxy between a store and its database that fails one statement, as a database does whose transactions conflict. */
export type ConflictProxy = {
  readonly port: number;
  /** Counts the statements from now on, and fails the one with this number; 0 for none. */
  failAt(number: number): void;
  /** The statements since `failAt`, in order. */
  seen(): readonly string[];
  close(): Promise<void>;
};

/** The length of a message does not count its type. */
const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

/**
 * Passes bytes to the database, one statement after the other: all messages up to a Query or a Sync. Instead of the
 * failed statement, it sends one that raises the error, so that the database does nothing of it.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export const openConflictProxy = async (databasePort: number, sqlState: string): Promise<ConflictProxy> => {
  const raise = `DO $$ BEGIN RAISE EXCEPTION 'as requested' USING ERRCODE = '${sqlState}'; END $$`;
  const sockets = new Set<Socket>();
  let statements: string[] = [];
  let failing = 0;

  const passOrFail = (statement: Buffer): Buffer => {
    const text = textOf(statement);
    // A rollback does not fail: it is how a failure is undone.
    if (text === 'ROLLBACK') return statement;
    statements.push(text);
    if (statements.length !== failing) return statement;
    // A commit that fails ends its transaction.
    return toQuery(text === 'COMMIT' ? `ROLLBACK; ${raise}` : raise);
  };

  const server = createServer((client) => {
    const database = connect(databasePort, '127.0.0.1');
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        database.destroy();
      });
    }
    let received: Buffer = Buffer.alloc(0);
    let isStarted = false;
    client.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (!isStarted && received.length >= LENGTH_BYTES) {
        const length = received.readInt32BE(0);
        database.write(received.subarray(0, length));
        received = received.subarray(length);
        isStarted = true;
      }
      const taken = takeStatements(received);
      received = received.subarray(taken.reduce((sum, { length }) => sum + length, 0));
      for (const statement of taken) database.write(passOrFail(statement));
    });
    database.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    failAt(number) {
      statements = [];
      failing = number;
    },
    seen: () => statements,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** The complete statements at the start of these bytes. A message that belongs to no statement is taken as one. */
const takeStatements = (bytes: Buffer): readonly Buffer[] => {
  const found: Buffer[] = [];
  let start = 0;
  let at = 0;
  while (at + TYPE_BYTES + LENGTH_BYTES <= bytes.length) {
    const end = at + TYPE_BYTES + bytes.readInt32BE(at + TYPE_BYTES);
    if (end > bytes.length) break;
    const type = String.fromCodePoint(bytes[at] ?? 0);
    if ('QSpX'.includes(type)) {
      found.push(bytes.subarray(start, end));
      start = end;
    }
    at = end;
  }
  return found;
};

/** The text of a Query or Parse message, or the name in a Bind message. */
const textOf = (statement: Buffer): string => {
  const type = String.fromCodePoint(statement[0] ?? 0);
  const strings = statement
    .subarray(TYPE_BYTES + LENGTH_BYTES)
    .toString('latin1')
    .split('\0');
  return (type === 'Q' ? strings[0] : strings[1]) ?? '';
};

const toQuery = (text: string): Buffer => {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(TYPE_BYTES + LENGTH_BYTES);
  head.write('Q');
  head.writeInt32BE(LENGTH_BYTES + body.length, TYPE_BYTES);
  return Buffer.concat([head, body]);
};
