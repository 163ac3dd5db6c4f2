import { LANGS } from '../text/language.js';
import { voteMail } from './vote.mail.js';

const asked = {
  lang: 'ar',
  center: { name: 'مركز مثال', origin: 'https://center.example', color: '#0b5c56', postal: 'القاهرة' },
  question: { text: 'ETF: هل تستثمر فيها؟', lang: 'ar' },
  options: [{ text: 'نعم <b>دائمًا</b>', lang: 'ar' }],
  href: 'https://center.example/polls/confirm/Zm9v?lang=ar',
} as const;

it('shows question and choice in the direction of their own language, and out of the markup', () => {
  for (const lang of LANGS) {
    const { html, text } = voteMail({ ...asked, lang });
    expect(html).toContain('<div dir="rtl" lang="ar">ETF: هل تستثمر فيها؟</div>');
    expect(html).toContain('<div dir="rtl" lang="ar">نعم &lt;b>دائمًا&lt;/b></div>');
    expect(text).toContain('\n> \u200FETF: هل تستثمر فيها؟\n');
    expect(text).toContain('\n> نعم <b>دائمًا</b>\n');
    expect(text).toContain(`\n${asked.href}\n`);
  }
});

it('shows each of several options on a line of its own', () => {
  const options = [...asked.options, { text: 'Nobody\u202E\nknows', lang: 'en' } as const];
  const { html, text } = voteMail({ ...asked, options });
  expect(html).toContain('</div><div dir="ltr" lang="en">Nobody knows</div>');
  expect(text).toContain('والاختيارات فيه:\n\n> نعم <b>دائمًا</b>\n> Nobody knows\n');
});

it('tells nothing of the poll in its subject, loads nothing and leads nowhere else', () => {
  for (const lang of LANGS) {
    const { subject, html } = voteMail({ ...asked, lang });
    expect(subject).not.toMatch(/ETF|نعم/);
    expect(subject).toContain('مركز مثال');
    expect([...new Set([...html.matchAll(/(?:href|src|url)[=(]"?([^"\s)]+)/g)].map(([, address]) => address))]).toEqual([
      asked.href,
      'https://center.example',
    ]);
    expect(html).not.toMatch(/<img|@import|<link/);
  }
});

it('says how long it is good for, what to do if the vote is somebody else’s, and what is kept', () => {
  expect(voteMail({ ...asked, lang: 'en' }).text).toBe(
    [
      'A vote with this address has reached \u2068مركز مثال\u2069, in this poll:',
      '> \u200FETF: هل تستثمر فيها؟',
      'It chose:',
      '> نعم <b>دائمًا</b>',
      'It counts only if you confirm it on the next page, within 24 hours. If it is not your vote, do nothing: it will not be counted.',
      'To the page to confirm it:\nhttps://center.example/polls/confirm/Zm9v?lang=ar',
      'We do not keep your address once this letter is sent. What stays in its place is a keyed fingerprint, so that no address has two votes; it is destroyed 14 days after the poll has closed.',
      '-- \nSent automatically by \u2068مركز مثال\u2069; please do not reply.\nhttps://center.example\n',
    ].join('\n\n'),
  );
});
