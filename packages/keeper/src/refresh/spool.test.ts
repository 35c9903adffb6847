import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { StoredAnswer } from '../stores/store.ts';
import { ownerName } from './owner.ts';
import { openSpool } from './spool.ts';

const answer = (id: string): StoredAnswer => ({
  id,
  grantId: 'grant',
  generation: 1,
  epoch: 1,
  sealed: new Uint8Array([1, 2, 3]),
  sentAtMs: 1,
  receivedAtMs: 2,
});

const directoryFor = (scope: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'spool-'));
  scope.after(() => rmSync(directory, { recursive: true }));
  return directory;
};

/** The name of a process of this machine that has ended: another one has its number now. */
const goneOwner = (): string => ownerName('gone').split('|').with(2, '1').join('|');

describe('the spool of a process that has ended', () => {
  it('is deleted when everything in it is stored', (scope) => {
    const directory = directoryFor(scope);
    openSpool(directory, goneOwner()).write(answer('a'));
    const spool = openSpool(directory, ownerName('own'));
    assert.deepEqual(
      spool.left().map(({ id }) => id),
      ['a'],
    );
    spool.clear(new Set(['a']));
    assert.equal(readdirSync(directory).length, 1);
  });

  it('stays while an answer in it is not stored, for example one that was written after the others were read', (scope) => {
    const directory = directoryFor(scope);
    const gone = openSpool(directory, goneOwner());
    gone.write(answer('a'));
    const spool = openSpool(directory, ownerName('own'));
    const read = spool.left().map(({ id }) => id);
    gone.write(answer('b'));
    spool.clear(new Set(read));
    assert.deepEqual(
      spool.left().map(({ id }) => id),
      ['a', 'b'],
    );
  });

  it('is read without a failure while other processes come and go', (scope) => {
    const directory = directoryFor(scope);
    const spool = openSpool(directory, ownerName('own'));
    // A name without a file behind it: what the next look finds of a spool that was deleted after the directory was read.
    symlinkSync(join(directory, 'deleted'), join(directory, 'Z29uZQ.spool'));
    assert.deepEqual(spool.left(), []);
    spool.clear(new Set());
  });
});

describe('a spool that is full', () => {
  it('still takes what fits, and the rest when there is room', (scope) => {
    const directory = directoryFor(scope);
    const spool = openSpool(directory, ownerName('own'));
    const reader = openSpool(directory, ownerName('reader'));
    const onDisk = (): readonly string[] => reader.left().map(({ id }) => id);
    const long = (id: string): StoredAnswer => ({ ...answer(id), sealed: new Uint8Array(110_000) });
    spool.write(long('a'));
    assert.equal(spool.hasRoom(), true);
    assert.throws(() => spool.write(long('b')), /full/);
    assert.equal(spool.hasRoom(), false);
    spool.write(answer('c'));
    assert.deepEqual(onDisk(), ['a', 'c']);
    assert.equal(spool.own().length, 3, 'nothing is forgotten');
    spool.remove('a');
    assert.deepEqual(onDisk(), ['b', 'c']);
  });
});
