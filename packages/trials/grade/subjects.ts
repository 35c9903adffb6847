import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GradedDialect } from '@keyfob/sandbox/grade';
import { installGo } from '../interop/clients/go.ts';
import { installPython } from '../interop/clients/python.ts';
import type { Skipped } from '../support/skipped.ts';
import { subjectWords } from './grade-words.ts';
import type { Words } from './grade-words.ts';

/** A program that is graded for the table of the guide. */
export type TableSubject = {
  /** As the table names it. */
  readonly name: string;
  readonly dialect: GradedDialect;
  readonly words: Words;
  readonly environment: Readonly<Record<string, string>>;
};

/** In a clone, packages of this repository are their sources. */
const FROM_SOURCE = '--conditions=keyfob-source';

const inNode = (name: string, file: string, dialect: GradedDialect = 'smartcar'): TableSubject => {
  const [node, ...words] = subjectWords(file, dialect);
  return { name, dialect, words: [node, FROM_SOURCE, ...words], environment: {} };
};

/** The programs that need nothing but this Node. */
export const NODE_SUBJECTS: readonly TableSubject[] = [
  inNode('eighty careful lines with `fetch`', 'careful'),
  inNode('eighty careful lines with `fetch`', 'careful', 'pleos'),
  inNode('`@keyfob/keeper` (Node)', 'keeper'),
  inNode('`@keyfob/keeper` (Node)', 'keeper', 'pleos'),
  inNode('what is written first, with `fetch`', 'naive'),
  inNode('what is written first, with `fetch`', 'naive', 'pleos'),
  inNode("Smartcar's SDK for Node, 10.4", 'smartcar-10'),
  inNode("Smartcar's SDK for Node, 9.15", 'smartcar-9'),
  inNode('simple-oauth2 (Node)', 'simple-oauth2'),
  inNode('openid-client (Node)', 'openid-client'),
  inNode('oauth4webapi (Node)', 'oauth4webapi'),
  inNode('`@badgateway/oauth2-client` (Node)', 'badgateway-oauth2-client'),
];

const PYTHON_SUBJECTS: readonly (readonly [name: string, file: string])[] = [
  ["Smartcar's SDK for Python", 'smartcar_subject.py'],
  ['Authlib with requests (Python)', 'authlib_requests.py'],
  ['requests-oauthlib (Python)', 'requests_oauthlib_subject.py'],
  ['httpx-oauth (Python)', 'httpx_oauth_subject.py'],
];

const pathOf = (name: string): string => fileURLToPath(new URL(`subjects/${name}`, import.meta.url));

/** The programs in Python, after their libraries were installed in a folder. The reason if they cannot be. */
export const pythonSubjects = async (folder: string): Promise<readonly TableSubject[] | Skipped> => {
  const installed = await installPython(folder);
  if ('skipped' in installed) return installed;
  const { clients, environment } = installed;
  return PYTHON_SUBJECTS.map(([name, file]) => ({
    name,
    dialect: 'smartcar',
    words: [clients.program, pathOf(join('python', file))],
    environment,
  }));
};

/** The program in Go, after it was built in a folder. The reason if it cannot be. */
export const goSubjects = async (folder: string): Promise<readonly TableSubject[] | Skipped> => {
  const installed = await installGo(folder);
  if ('skipped' in installed) return installed;
  const program = await installed.build(readFileSync(pathOf('go/main.go'), 'utf8'));
  return [{ name: 'golang.org/x/oauth2 (Go)', dialect: 'smartcar', words: [program], environment: {} }];
};
