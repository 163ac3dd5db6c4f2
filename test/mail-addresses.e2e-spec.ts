import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { parseAddress } from '../src/mail/address.js';
import { Relay } from '../src/mail/relay.js';
import { MailSink } from './mail-sink.js';

/** 10,000: most are, or nearly are, addresses; the rest is anything. */
const SAMPLES = 10_000;

const ATOM = fc.string({
  unit: fc.constantFrom(...`abcXYZ019#$&'*+-/=?^_\`{|}~`),
  minLength: 1,
  maxLength: 12,
});
// One script each: a label of both Arabic and Latin letters is no domain's.
const LABEL = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abcXYZ019-'), minLength: 1, maxLength: 10 }),
  fc.string({ unit: fc.constantFrom(...'éßçñø0k'), minLength: 1, maxLength: 10 }),
  fc.string({ unit: fc.constantFrom(...'شمسبعة'), minLength: 1, maxLength: 10 }),
);
const NEARLY = fc
  .tuple(
    fc.array(ATOM, { minLength: 1, maxLength: 3 }),
    fc.array(LABEL, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('example', 'EXAMPLE', 'إختبار', 'a', 'xn--kgbechtv', '1'),
  )
  .map(([local, labels, top]) => `${local.join('.')}@${[...labels, top].join('.')}`);
/** What other parsers were caught by, put anywhere. */
const TRAP = fc.constantFrom(
  '@',
  '"',
  '<',
  '>',
  '(',
  ')',
  ',',
  ';',
  ':',
  '\\',
  ' ',
  '\t',
  '\r\n',
  '\0',
  '%',
  '!',
  '..',
  '"x@evil.example y"',
  '<evil@evil.example>',
  '(evil@evil.example)',
  ', evil@evil.example',
  '\r\nRCPT TO:<evil@evil.example>',
  '\u202E',
  '\u200B',
  '\u3002',
  '\uFF20',
  '=?utf-8?q?x?=',
  '[127.0.0.1]',
  'é',
  'م',
);
const TRAPPED = fc.tuple(NEARLY, TRAP, fc.nat()).map(([address, trap, at]) => {
  const place = at % (address.length + 1);
  return address.slice(0, place) + trap + address.slice(place);
});
const ANYTHING = fc.oneof(
  { weight: 6, arbitrary: NEARLY },
  { weight: 3, arbitrary: TRAPPED },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
);

it(
  `goes to whom we read, and to nobody else, for each of ${SAMPLES} addresses that our grammar takes or refuses`,
  { timeout: 120_000 },
  async () => {
    const sink = await MailSink.open();
    const relay = new Relay(sink.url, 'center.example');
    const read = fc.sample(ANYTHING, SAMPLES).map((text) => ({ text, to: parseAddress(text)?.canonical ?? null }));
    const taken = read.flatMap(({ text, to }) => (to === null ? [] : [{ text, to }]));
    // Neither half of the test is empty.
    expect(taken.length).toBeGreaterThan(SAMPLES / 10);
    expect(taken.length).toBeLessThan((SAMPLES * 9) / 10);

    const next = taken.entries();
    const worker = async (): Promise<void> => {
      for (const [n, { to }] of next) {
        await relay.carry(
          'desk',
          {
            to,
            subject: 's',
            html: 'h',
            text: 't',
            from: { name: 'مركز', address: 'noreply@center.example' },
            messageId: `<${n}@center.example>`,
            date: new Date(),
          },
          new AbortController().signal,
        );
      }
    };
    await Promise.all([worker(), worker()]);
    relay.close();
    await sink.close();

    const envelopes = new Map<number, readonly string[]>();
    const headers = new Map<number, string>();
    for (const { asked, raw } of sink.received) {
      const n = Number(/^Message-ID: <(\d+)@/m.exec(raw)?.[1]);
      envelopes.set(n, asked);
      headers.set(n, /^To: *(.*)\r$/m.exec(raw.replaceAll('\r\n ', ''))?.[1] ?? '');
    }
    expect(sink.received).toHaveLength(taken.length);
    const astray = taken.filter(({ to }, n) => JSON.stringify(envelopes.get(n)) !== JSON.stringify([`RCPT TO:<${to}>`]));
    expect(astray).toEqual([]);
    const misnamed = taken.filter(({ to }, n) => ![to, `<${to}>`].includes(headers.get(n)!));
    expect(misnamed).toEqual([]);
    // What a mail program makes of the header, for some of them.
    for (const { raw } of sink.received.slice(0, 200)) {
      const mail = await simpleParser(raw);
      expect(mail.bcc ?? mail.cc).toBeUndefined();
    }
  },
);
