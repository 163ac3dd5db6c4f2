import { countedMailbox, parseAddress } from './address.js';

describe('parseAddress', () => {
  it.each([
    ['editor@center.example', 'editor@center.example', 'editor@center.example'],
    ['First.Last+news@Mail.Center.EXAMPLE', 'First.Last+news@Mail.Center.EXAMPLE', 'First.Last+news@mail.center.example'],
    ["o'brien_{x}~|`^/?=#$&*@a-b.example", "o'brien_{x}~|`^/?=#$&*@a-b.example", "o'brien_{x}~|`^/?=#$&*@a-b.example"],
    ['a@مثال.إختبار', 'a@مثال.إختبار', 'a@xn--mgbh0fb.xn--kgbechtv'],
    ['a@XN--MGBH0FB.xn--kgbechtv', 'a@XN--MGBH0FB.xn--kgbechtv', 'a@xn--mgbh0fb.xn--kgbechtv'],
    // NFD as typed on some keyboards: e + acute.
    ['a@cafe\u0301.example', 'a@café.example', 'a@xn--caf-dma.example'],
    ['1@2.3.example', '1@2.3.example', '1@2.3.example'],
    [
      `${'l'.repeat(64)}@${'d'.repeat(63)}.example`,
      `${'l'.repeat(64)}@${'d'.repeat(63)}.example`,
      `${'l'.repeat(64)}@${'d'.repeat(63)}.example`,
    ],
  ])('takes %s', (typed, address, canonical) => {
    expect(parseAddress(typed)).toEqual({ address, canonical });
  });

  it.each([
    '',
    'center.example',
    '@center.example',
    'a@',
    'a@b@center.example',
    'a@localhost',
    'a@center.example.',
    'a@.example',
    'a@center..example',
    '.a@center.example',
    'a.@center.example',
    'a..b@center.example',
    ' a@center.example',
    'a@center.example\n',
    'a b@center.example',
    'a@center.example, b@center.example',
    'a@center.example;b@center.example',
    'friends: a@center.example;',
    '"a"@center.example',
    '"a@evil.example x"@center.example',
    'a(comment)@center.example',
    'a@(comment)center.example',
    'Name <a@center.example>',
    '<a@center.example>',
    'a%evil.example@center.example',
    'evil.example!a@center.example',
    'a\\@center.example',
    'a\0@center.example',
    'a\u0007@center.example',
    'a\u202E@center.example',
    'a@cen\u00ADter.example',
    'a@center\u3002example',
    'a@cen\u200Dter.example',
    'محرر@center.example',
    'é@center.example',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@127.1',
    'a@0x7f.1',
    'a@center.0x7f',
    'a@[IPv6:::1]',
    'a@center.1',
    'a@-center.example',
    'a@center-.example',
    'a@cen_ter.example',
    'a@center.e',
    'a@%63enter.example',
    'a@center.example/x',
    'a@center.example:25',
    'a@xn--a.example\uD800',
    `${'l'.repeat(65)}@center.example`,
    `a@${'d'.repeat(64)}.example`,
    `a@${'d.'.repeat(130)}example`,
    `a@${'ش'.repeat(63)}.${'ش'.repeat(63)}.${'ش'.repeat(63)}.example`,
  ])('refuses %j', (typed) => {
    expect(parseAddress(typed)).toBeNull();
  });
});

it.each([
  ['First.Last+news@Mail.Center.EXAMPLE', 'first.last@mail.center.example'],
  ['a+b+c@center.example', 'a@center.example'],
  ['a+@center.example', 'a@center.example'],
  ['A@center.example', 'a@center.example'],
  // Nothing but a tag is a name; without it two strangers would be one.
  ['+a@center.example', '+a@center.example'],
  ['+a+b@center.example', '+a@center.example'],
  ['a-b@center.example', 'a-b@center.example'],
  ['a@مثال.إختبار', 'a@xn--mgbh0fb.xn--kgbechtv'],
])('countedMailbox takes %s for %s', (typed, mailbox) => {
  expect(countedMailbox(parseAddress(typed)!)).toBe(mailbox);
});
