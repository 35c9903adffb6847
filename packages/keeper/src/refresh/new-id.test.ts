import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newId } from './new-id.ts';

describe('an id', () => {
  it('is a UUID of version 7, and begins with its moment', () => {
    const id = newId(0x0123_4567_89ab);
    assert.match(id, /^01234567-89ab-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    assert.notEqual(id, newId(0x0123_4567_89ab));
    assert.ok(newId(1000) < newId(1001));
  });
});
