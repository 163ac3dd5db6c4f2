import { approvedMail, returnedMail, scheduleFailedMail, submittedMail } from './article.mail.js';

const about = {
  lang: 'ar',
  center: { name: 'مركز مثال', origin: 'https://center.example', color: '#0b5c56', postal: 'القاهرة' },
  title: 'GPU وأثرها في البحث',
  titleLang: 'ar',
  by: 'ليلى <b>عبد الله</b>',
} as const;

it('keeps a title in the direction of its language, and every value out of the markup', () => {
  const { html, text } = submittedMail(about);
  expect(html).toContain('<bdi dir="rtl">GPU وأثرها في البحث</bdi>');
  expect(html).toContain('ليلى &lt;b>عبد الله&lt;/b>');
  expect(text).toContain('«\u2067GPU وأثرها في البحث\u2069»');
  expect(submittedMail({ ...about, lang: 'en' }).text).toContain('“\u2067GPU وأثرها في البحث\u2069” for review.');
});

it.each(['ar', 'en', 'fr'] as const)('says in %s what happened, to which piece', (lang) => {
  const mails = [
    submittedMail({ ...about, lang }),
    returnedMail({ ...about, lang }, 'ينقصه مصدر.'),
    approvedMail({ ...about, lang, by: null }),
    scheduleFailedMail({ ...about, lang }, ['summary']),
  ];
  for (const { subject, html, text } of mails) {
    for (const part of [subject, html, text]) expect(part).toContain(about.title);
    expect(html).toContain(`lang="${lang}"`);
  }
  expect(new Set(mails.map(({ subject }) => subject)).size).toBe(4);
  expect(mails[1]!.text).toContain('> ينقصه مصدر.');
  expect(mails[3]!.text).toContain('summary');
});
