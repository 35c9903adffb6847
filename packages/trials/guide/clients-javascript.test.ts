import { symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describeClientsPage } from './describe-clients-page.ts';
import { PROJECT, readBlocks } from './guide.ts';

const PAGE = 'clients/javascript.md';
const [variables = '', showConsentPage = ''] = readBlocks(PAGE, 'sh');
const [smartcar = '', openidClient = ''] = readBlocks(PAGE, 'js');

/** Puts a program into a folder with the packages of the trials. Returns the lines that run it. */
const place =
  (program: string, lines: string) =>
  (folder: string): string => {
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'refresh.mjs'), program);
    return lines;
  };

describeClientsPage({
  page: PAGE,
  // The Node of this process comes first.
  environment: { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` },
  showConsentPage: place('', `${variables}${showConsentPage}`),
  programs: {
    'the SDK of Smartcar': place(smartcar, `${variables}node refresh.mjs`),
    'openid-client': place(openidClient, 'node refresh.mjs'),
  },
  waiting: ['the SDK of Smartcar'],
});
