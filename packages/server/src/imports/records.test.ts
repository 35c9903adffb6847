import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCsvRecord } from './csv.ts';
import { RECORD_MAX_CHARACTERS } from './lines.ts';
import { HeaderError, readRecords } from './records.ts';
import type { ImportRecord } from './records.ts';

const RECORDS: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['a,b,c', ['a', 'b', 'c']],
  ['', ['']],
  [',', ['', '']],
  ['a,', ['a', '']],
  ['"a","b"', ['a', 'b']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""hi""",c', ['say "hi"', 'c']],
  ['""', ['']],
  ['"",""', ['', '']],
  ['""""', ['"']],
  ['"two\nlines",c', ['two\nlines', 'c']],
  [' a , b ', [' a ', ' b ']],
  ['a"b,c', undefined],
  ['"a"b,c', undefined],
  ['"a" ,c', undefined],
  ['"a', undefined],
  ['a,"b', undefined],
  ['"""', undefined],
];

for (const [text, fields] of RECORDS) {
  void test(`the CSV record ${JSON.stringify(text)} is ${fields === undefined ? 'refused' : 'read'}`, () => {
    assert.deepEqual(parseCsvRecord(text), fields);
  });
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (content: string | Uint8Array, chunkBytes = 7): Promise<readonly ImportRecord[]> => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const found: ImportRecord[] = [];
  for await (const records of readRecords(inChunks(bytes, chunkBytes))) found.push(...records);
  return found;
};

const HEADER = 'client,subject,refresh_token,expires_at';
const fieldsOf = (subject: string) => ({ client: 'c', subject, refresh_token: 't', expires_at: '9' });
const SIMPLE = [{ row: 1, line: 2, fields: fieldsOf('s') }];

const FILES: readonly (readonly [string, string, readonly ImportRecord[]])[] = [
  ['lines that end in LF', `${HEADER}\nc,s,t,9\n`, SIMPLE],
  ['lines that end in CRLF', `${HEADER}\r\nc,s,t,9\r\n`, SIMPLE],
  ['a last line without an end', `${HEADER}\nc,s,t,9`, SIMPLE],
  ['a byte order mark', `\ufeff${HEADER}\nc,s,t,9\n`, SIMPLE],
  ['a header in capitals and with spaces', `Client, Subject ,REFRESH_TOKEN,expires_at\nc,s,t,9\n`, SIMPLE],
  ['empty lines', `${HEADER}\n\nc,s,t,9\n\n`, [{ row: 1, line: 3, fields: fieldsOf('s') }]],
  ['no rows', `${HEADER}\n`, []],
  [
    'letters of several bytes',
    `${HEADER}\nc,Näher 🚗,t,9\n`,
    [{ row: 1, line: 2, fields: fieldsOf('Näher 🚗') }],
  ],
  [
    'a field over two lines',
    `${HEADER}\nc,"s\r\nt",t,9\nc,u,t,9\n`,
    [
      { row: 1, line: 2, fields: fieldsOf('s\nt') },
      { row: 2, line: 4, fields: fieldsOf('u') },
    ],
  ],
  [
    'rows too short and too long',
    `${HEADER}\nc,s,t\nc,s,t,9\nc,s,t,9,x\n`,
    [
      { row: 1, line: 2, fault: 'csv_width' },
      { row: 2, line: 3, fields: fieldsOf('s') },
      { row: 3, line: 4, fault: 'csv_width' },
    ],
  ],
  [
    'a quote that is never closed',
    `${HEADER}\nc,"s,t,9\nc,u,t,9\nc,v,t,9\n`,
    [
      { row: 1, line: 2, fault: 'csv_malformed' },
      { row: 2, line: 3, fields: fieldsOf('u') },
      { row: 3, line: 4, fields: fieldsOf('v') },
    ],
  ],
  [
    'two such quotes with good rows between them',
    `${HEADER}\nc,5",t,9\nc,u,t,9\nc,6",t,9\nc,v,t,9\n`,
    [
      { row: 1, line: 2, fault: 'csv_malformed' },
      { row: 2, line: 3, fields: fieldsOf('u') },
      { row: 3, line: 4, fault: 'csv_malformed' },
      { row: 4, line: 5, fields: fieldsOf('v') },
    ],
  ],
  [
    'a line that is too long',
    `${HEADER}\nc,${'s'.repeat(RECORD_MAX_CHARACTERS)},t,9\nc,u,t,9\n`,
    [
      { row: 1, line: 2, fault: 'too_long' },
      { row: 2, line: 3, fields: fieldsOf('u') },
    ],
  ],
  [
    'a field over lines that are too long together',
    `${HEADER}\nc,"${`${'s'.repeat(100)}\n`.repeat(700)}",t,9\nc,u,t,9\n`,
    [
      { row: 1, line: 2, fault: 'csv_malformed' },
      ...Array.from({ length: 699 }, (_, at) => ({ row: at + 2, line: at + 3, fault: 'csv_width' as const })),
      { row: 701, line: 702, fault: 'csv_malformed' },
      { row: 702, line: 703, fields: fieldsOf('u') },
    ],
  ],
  [
    'objects in JSON',
    '{"client":"c","expires_at":9}\r\n\n{"client":\n[1]\n"x"\n{"token":1}\n{"subject":"s"}',
    [
      { row: 1, line: 1, fields: { client: 'c', expires_at: 9 } },
      { row: 2, line: 3, fault: 'json_malformed' },
      { row: 3, line: 4, fault: 'json_malformed' },
      { row: 4, line: 5, fault: 'json_malformed' },
      { row: 5, line: 6, fault: 'field_unknown' },
      { row: 6, line: 7, fields: { subject: 's' } },
    ],
  ],
  [
    'an object that is too long',
    `{}\n{"subject":"${'s'.repeat(RECORD_MAX_CHARACTERS)}"}\n{}\n`,
    [
      { row: 1, line: 1, fields: {} },
      { row: 2, line: 2, fault: 'too_long' },
      { row: 3, line: 3, fields: {} },
    ],
  ],
];

for (const [name, content, records] of FILES) {
  for (const chunkBytes of [1, 7, 100_000]) {
    void test(`a file with ${name} is read in chunks of ${chunkBytes} bytes`, async () => {
      assert.deepEqual(await read(content, chunkBytes), records);
    });
  }
}

void test('a row that is not UTF-8 is refused, in CSV and in JSON', async () => {
  const wrong = Buffer.from([0xff, 0xc3]);
  const csv = Buffer.concat([Buffer.from(`${HEADER}\nc,`), wrong, Buffer.from(',t,9\nc,s,t,9\n')]);
  assert.deepEqual(await read(csv), [
    { row: 1, line: 2, fault: 'not_utf8' },
    { row: 2, line: 3, fields: fieldsOf('s') },
  ]);
  const json = Buffer.concat([Buffer.from('{"client":"'), wrong, Buffer.from('"}\n{}')]);
  assert.deepEqual(await read(json), [
    { row: 1, line: 1, fault: 'not_utf8' },
    { row: 2, line: 2, fields: {} },
  ]);
});

const HEADERS: readonly (readonly [string, RegExp])[] = [
  ['client,subject,token,expires_at', /unknown column; the known ones are client, subject/],
  ['client,subject,refresh_token,expires_at,client', /the same column twice/],
  ['subject,refresh_token', /lacks client, expires_at/],
  ['client,subject,expires_at', /lacks refresh_token or refresh_token_sha256/],
  ['"client', /lacks|unknown column/],
  ['c1,owner-1,3f1c9f3e,1800000000', /unknown column/],
  ['client;subject;refresh_token;expires_at', /separated by commas/],
  ['client\tsubject\trefresh_token\texpires_at', /separated by commas/],
  ['[{"client":"c","refresh_token":"3f1c9f3e"}]', /array/],
  ['[', /array/],
  ['c\0l\0i\0e\0n\0t\0', /UTF-8/],
  ['c\ufffdlient', /UTF-8/],
];

for (const [header, message] of HEADERS) {
  void test(`the header ${header} is refused, and the message does not quote it`, async () => {
    await assert.rejects(read(`${header}\nx\n`), (error) => {
      assert.ok(error instanceof HeaderError);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('3f1c9f3e'));
      return true;
    });
  });
}

void test('an empty file is refused, because it was probably never written', async () => {
  for (const content of ['', '\n\n', '\ufeff', ' \r\n'])
    await assert.rejects(
      read(content),
      (error) => error instanceof HeaderError && /is empty/.test(error.message),
    );
  assert.deepEqual(await read(`${HEADER}\n`), []);
});
