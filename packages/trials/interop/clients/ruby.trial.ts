import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { readBlocks } from '../../guide/guide.ts';
import { describeLanguage } from './describe-language.ts';
import { runAll } from './install.ts';

const PAGE = 'clients/ruby.md';
const [program = ''] = readBlocks(PAGE, 'ruby');

/** Nothing is fetched: the gem has to be there. */
const findGem = async (folder: string) => (await runAll([['ruby', '-e', 'require "oauth2"']], folder)) ?? {};

const place = (folder: string): string => {
  writeFileSync(join(folder, 'refresh.rb'), program);
  return 'ruby refresh.rb';
};

await describeLanguage('Ruby', findGem, () => {
  describeClientsPage({ page: PAGE, environment: {}, programs: { 'the gem oauth2': place } });
});
