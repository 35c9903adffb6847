import type { KeyfobServer } from './keyfob-process.ts';
import { adminUrlOf } from './metrics-request.ts';

/** The answer of the admin API. */
export type AdminReply = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
};

/** Sends requests to the admin API of a server with one operator key, or with none. */
export type AdminClient = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<AdminReply>;

type OnAnswer = (method: string, target: string, status: number, body: unknown) => void;

export const adminClient =
  (server: KeyfobServer, key?: string, onAnswer: OnAnswer = () => {}): AdminClient =>
  async (method, path, body, headers = {}) => {
    const response = await fetch(`${adminUrlOf(server)}/api/v1${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    onAnswer(method, path, response.status, parsed);
    return { status: response.status, body: parsed as AdminReply['body'], headers: response.headers };
  };

/** Makes an operator key of a role, and answers it. */
export const operatorKey = async (server: KeyfobServer, role: string): Promise<string> => {
  const words = ['operator', 'key', 'add', '--name', `${role} of a test`, '--role', role];
  const added = await server.command<{ readonly operatorKey: string }>(...words);
  return added.operatorKey;
};
