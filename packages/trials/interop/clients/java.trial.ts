import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { readBlocks } from '../../guide/guide.ts';
import { testJwtCheck } from '../../guide/test-jwt-check.ts';
import { describeLanguage } from './describe-language.ts';
import { pathOf } from './install.ts';
import { installJava } from './java.ts';

const PAGE = 'clients/java.md';
const [variables = '', showConsentPage = '', run = ''] = readBlocks(PAGE, 'sh');
const [program = ''] = readBlocks(PAGE, 'java');
const [project = ''] = readBlocks(PAGE, 'xml');

/** The version of the SDK in a project file of Maven. */
const versionOf = (text: string): string | undefined =>
  /<artifactId>java-sdk<\/artifactId>\s*<version>([^<]+)/.exec(text)?.[1];

await describeLanguage('Java', installJava, ({ archives }) => {
  const place =
    (lines: string) =>
    (folder: string): string => {
      writeFileSync(join(folder, 'Refresh.java'), program);
      return `${variables}${lines.replace('lib/*', join(archives, '*'))}`;
    };
  describeClientsPage({
    page: PAGE,
    environment: {},
    showConsentPage: place(showConsentPage),
    programs: { 'the SDK of Smartcar': place(run) },
    waiting: ['the SDK of Smartcar'],
  });
  testJwtCheck('Spring Security', {}, (folder) => {
    writeFileSync(join(folder, 'Check.java'), readBlocks('resource-server.md', 'java')[0] ?? '');
    return `java -cp '${join(archives, '*')}' Check.java`;
  });
  test(`docs/guide/${PAGE} shows the version of the SDK that is run`, () => {
    assert.ok(versionOf(project) !== undefined);
    assert.equal(versionOf(project), versionOf(readFileSync(pathOf('java/pom.xml'), 'utf8')));
  });
});
