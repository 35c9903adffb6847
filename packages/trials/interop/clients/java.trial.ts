import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { readBlocks } from '../../guide/guide.ts';
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
});
