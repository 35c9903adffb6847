import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { readBlocks } from '../../guide/guide.ts';
import { testJwtCheck } from '../../guide/test-jwt-check.ts';
import { describeLanguage } from './describe-language.ts';
import { installJava } from './java.ts';

const PAGE = 'clients/java.md';
const [variables = '', showConsentPage = '', run = ''] = readBlocks(PAGE, 'sh');
const [program = ''] = readBlocks(PAGE, 'java');

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
  });
  testJwtCheck('Spring Security', {}, (folder) => {
    writeFileSync(join(folder, 'Check.java'), readBlocks('resource-server.md', 'java')[0] ?? '');
    return `java -cp '${join(archives, '*')}' Check.java`;
  });
});
