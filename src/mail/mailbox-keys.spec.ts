import { parseAddress, type Address } from './address.js';
import { MailboxKeys } from './mailbox-keys.js';

const keys = new MailboxKeys(() => Buffer.alloc(32, 7));
const others = new MailboxKeys(() => Buffer.alloc(32, 8));
const address = (text: string): Address => parseAddress(text)!;

it('knows a mailbox in every spelling that limits count as one, and under one secret only', () => {
  const hash = keys.hashOf(address('Salma+news@Readers.Example'));
  expect(hash).toHaveLength(32);
  expect(keys.hashOf(address('salma@readers.example'))).toEqual(hash);
  expect(keys.hashOf(address('salma@readers2.example'))).not.toEqual(hash);
  expect(others.hashOf(address('salma@readers.example'))).not.toEqual(hash);
});

it('gives each mailbox one token of 22 characters, which leads to its hash and holds nothing of it', () => {
  const token = keys.tokenOf(address('salma@readers.example'));
  expect(token).toMatch(/^[\w-]{22}$/);
  expect(keys.tokenOf(address('SALMA+x@readers.example'))).toBe(token);
  expect(keys.hashOfToken(token)).toEqual(keys.hashOf(address('salma@readers.example')));
  expect(keys.hashOf(address('salma@readers.example')).includes(Buffer.from(token, 'base64url').subarray(0, 10))).toBe(false);
});

it('takes no token that was changed in any bit, made under another secret, cut, lengthened or invented', () => {
  const token = keys.tokenOf(address('salma@readers.example'));
  const bytes = Buffer.from(token, 'base64url');
  for (let bit = 0; bit < 128; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(keys.hashOfToken(changed.toString('base64url'))).toBeNull();
  }
  // The last character has two bits of the token and four that a lax reader would pass over.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twins = [...alphabet].map((last) => token.slice(0, -1) + last).filter((twin) => keys.hashOfToken(twin) !== null);
  expect(twins).toEqual([token]);
  for (const no of [
    '',
    token.slice(1),
    `${token}A`,
    ` ${token}`,
    `${token}=`,
    'a'.repeat(22),
    others.tokenOf(address('salma@readers.example')),
  ])
    expect([no, keys.hashOfToken(no)]).toEqual([no, null]);
});
