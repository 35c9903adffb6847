import { readRefusal } from '../wire/bad-input/trial.ts';
import type { FuzzRequest } from './request.ts';
import type { RawResponse } from '../support/raw-request.ts';
import type { DialectName } from '../support/dialect-name.ts';

const ALLOWED = new Set([400, 401, 404, 405, 408, 413, 417, 431]);

/** Describes the fault of an answer; `undefined` for a correct one. */
export const faultOf = (
  request: FuzzRequest,
  answer: RawResponse,
  secrets: readonly string[],
): string | undefined => {
  const { status, headers, body } = answer;
  if (!ALLOWED.has(status)) return `answered ${status} ${body}`;
  const text = `${Object.values(headers).join(' ')} ${body}`;
  if (secrets.some((secret) => text.includes(secret))) return `the answer echoes a secret: ${text}`;
  if (request.isHead) {
    const expected = request.expects?.split(' ', 1)[0];
    return body === '' && String(status) === expected ? undefined : `HEAD answered ${status} ${body}`;
  }
  const dialect = dialectOf(body);
  if (dialect === undefined) return `the body has the form of neither dialect: ${JSON.stringify(body)}`;
  if (request.dialect !== undefined && dialect !== request.dialect) return `answered as ${dialect}: ${body}`;
  return readFault(request, answer, dialect);
};

/** The dialect of a refusal, read from the form of its body. */
const dialectOf = (body: string): DialectName | undefined => {
  if (body.startsWith('{"error":"')) return 'smartcar';
  return body.startsWith('{"error":{') ? 'pleos' : undefined;
};

const readFault = (request: FuzzRequest, answer: RawResponse, dialect: DialectName): string | undefined => {
  try {
    const refusal = readRefusal[dialect](answer);
    if (request.expects === undefined || refusal === request.expects) return undefined;
    return `answered ${refusal} instead of ${request.expects}`;
  } catch (error) {
    return `the refusal is malformed: ${error instanceof Error ? error.message : ''} ${answer.body}`;
  }
};
