import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { createTransport } from 'nodemailer';
import { composed } from '../mail/composed.js';
import type { Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import { LANGS, type Lang } from '../text/language.js';
import type { Piece } from './pieces.service.js';
import { senderName } from './sender-name.js';
import { shareConfirmationMail } from './share-confirmation.mail.js';
import { shareMail } from './share.mail.js';

const ORIGIN = 'https://center.example';
const HREF = `${ORIGIN}/articles/12/%D8%A7%D9%84%D9%85%D9%8A%D8%A7%D9%87?r=3`;
const optOut = `${ORIGIN}/mail/opt-out/abcdefghijklmnopqrstuv`;

const CENTERS: Record<Lang, Letterhead> = {
  ar: { name: 'مركز مثال', origin: ORIGIN, color: '#123456', postal: 'شارع المثال 12، القاهرة' },
  en: { name: 'Example Center', origin: ORIGIN, color: '#123456', postal: '12 Sample Street' },
  fr: { name: 'Centre Exemple', origin: ORIGIN, color: '#123456', postal: null },
};

const PIECE: Piece = {
  id: 12,
  lang: 'ar',
  dir: 'rtl',
  title: 'المياه & الحدود',
  byline: ['ليلى القنديلي', 'A. Writer'],
  dateline: 'السبت 31/يناير/2026 - 12:00 م',
  summary: 'قراءة <قصيرة>.',
  status: 'published',
  href: HREF,
};
const ENGLISH: Piece = {
  ...PIECE,
  lang: 'en',
  dir: 'ltr',
  title: 'Water & borders',
  byline: ['A. Writer'],
  dateline: 'Saturday',
  summary: null,
  status: 'corrected',
};

const share = (lang: Lang, given: Partial<Parameters<typeof shareMail>[0]> = {}): Mail =>
  shareMail({ lang, center: CENTERS[lang], piece: PIECE, senderName: 'Salma H.', message: null, replies: false, optOut, ...given });

/** The mail as its reader's program has it. */
async function received(mail: Mail): Promise<{ headers: Record<string, string>; text: string; html: string }> {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const parcel = {
    ...mail,
    to: 'reader@example.org',
    from: { name: 'مركز مثال', address: 'share@center.example' },
    messageId: '<1@center.example>',
    date: new Date(0),
  };
  const { message } = await composer.sendMail(composed(parcel));
  const { headerLines, headers, text, html } = await simpleParser(message as Buffer);
  return {
    headers: Object.fromEntries(headerLines.map(({ key }) => [key, headerText(headers.get(key))])),
    // mailparser ends a part that has an alternative with one line end more or less.
    text: (text ?? '').trimEnd(),
    html: (html || '').trimEnd(),
  };
}

function headerText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && value !== null && 'text' in value) return String(value.text);
  if (typeof value === 'object' && value !== null && 'value' in value) return String(value.value);
  return String(value);
}

const HEADERS = {
  from: '"مركز مثال" <share@center.example>',
  to: 'reader@example.org',
  'message-id': '<1@center.example>',
  date: '1970-01-01T00:00:00.000Z',
  'auto-submitted': 'auto-generated',
  'mime-version': '1.0',
  'content-type': 'multipart/alternative',
};

/** What the document says, cell by cell: text, links, and the direction wherever one is said. */
function cells(html: string): string[] {
  return [...html.replace(/^[^]*<body/, '<body').matchAll(/<td dir="(\w+)" lang="(\w+)"[^>]*>((?:(?!<table)[^])*?)<\/td>/g)].flatMap(
    ([, dir, lang, inner = '']) => {
      const said = inner
        .replace(/ style="[^"]*"/g, '')
        .replace(/&#x27;/g, "'")
        .replace(/&amp;/g, '&');
      return said === '\u00A0' ? [] : [`${dir} ${lang} ${said}`];
    },
  );
}

describe('the letter with a piece', () => {
  it('is whole in Arabic: headers, plain text and document', async () => {
    const { headers, text, html } = await received(
      share('ar', { senderName: 'سلمى ح.', message: 'انظر الجدول.\nSee page 3 at evil.example', replies: true }),
    );
    expect(headers).toEqual({ ...HEADERS, subject: 'مادة أُرسلت إليك: المياه & الحدود' });
    expect(text).toBe(
      [
        'شخص عرّف نفسه باسم «\u2068سلمى ح.\u2069» يرسل إليك هذه المادة من موقع \u2068مركز مثال\u2069.',
        'وكتب معها:',
        '> انظر الجدول.\n> See page 3 at …',
        'المياه & الحدود\n\u2068ليلى القنديلي\u2069، \u2068A. Writer\u2069\nالسبت 31/يناير/2026 - 12:00 م',
        'قراءة <قصيرة>.',
        `اقرأ المادة:\n${HREF}`,
        'إن رددت على هذه الرسالة وصل ردك إلى من أرسلها، لا إلى المركز.',
        'وصلتك هذه الرسالة لأن شخصًا كتب عنوانك في موقع \u2068مركز مثال\u2069 وطلب إرسال المادة إليك، ولم يختر المركز من تُرسل إليه.',
        'لم نحفظ عنوانك، ولم نضفه إلى أي قائمة. تبقى منه بصمة مشفرة مدة 90 يومًا، حتى لا تكثر عليك مثل هذه الرسائل.',
        `لا ترسلوا إليّ مثل هذه الرسائل بعد الآن:\n${optOut}`,
        `-- \n\u2068مركز مثال\u2069\n${ORIGIN}\n\u2068شارع المثال 12، القاهرة\u2069`,
      ].join('\n\n'),
    );
    expect(html).toMatch(/^<!DOCTYPE html><html lang="ar" dir="rtl"><head><meta charset="utf-8"\/?>/);
    expect(cells(html)).toEqual([
      'rtl ar <bdi>مركز مثال</bdi>',
      'rtl ar شخص عرّف نفسه باسم «<bdi>سلمى ح.</bdi>» يرسل إليك هذه المادة من موقع <bdi>مركز مثال</bdi>.',
      'rtl ar وكتب معها:',
      'rtl ar <div dir="auto">انظر الجدول.</div><div dir="auto">See page 3 at …</div>',
      `rtl ar <a href="${HREF}">المياه & الحدود</a>`,
      'rtl ar <bdi>ليلى القنديلي</bdi>، <bdi>A. Writer</bdi>',
      'rtl ar السبت 31/يناير/2026 - 12:00 م',
      'rtl ar قراءة &lt;قصيرة>.',
      `rtl ar <a href="${HREF}">اقرأ المادة</a>`,
      'rtl ar إن رددت على هذه الرسالة وصل ردك إلى من أرسلها، لا إلى المركز.',
      'rtl ar وصلتك هذه الرسالة لأن شخصًا كتب عنوانك في موقع <bdi>مركز مثال</bdi> وطلب إرسال المادة إليك، ولم يختر المركز من تُرسل إليه.',
      'rtl ar لم نحفظ عنوانك، ولم نضفه إلى أي قائمة. تبقى منه بصمة مشفرة مدة 90 يومًا، حتى لا تكثر عليك مثل هذه الرسائل.',
      `rtl ar <a href="${optOut}">لا ترسلوا إليّ مثل هذه الرسائل بعد الآن</a>`,
      `rtl ar <bdi>مركز مثال</bdi><br/><span dir="ltr"><a href="${ORIGIN}">${ORIGIN}</a></span><br/><bdi>شارع المثال 12، القاهرة</bdi>`,
    ]);
  });

  it('is whole in English, with the piece in its own language and direction', async () => {
    const { headers, text, html } = await received(share('en', { senderName: 'سلمى' }));
    expect(headers).toEqual({ ...HEADERS, subject: 'A piece sent to you: المياه & الحدود' });
    expect(text).toBe(
      [
        'Someone who gave the name “\u2068سلمى\u2069” sends you this piece from \u2068Example Center\u2069.',
        'المياه & الحدود\n\u2068ليلى القنديلي\u2069، \u2068A. Writer\u2069\nالسبت 31/يناير/2026 - 12:00 م',
        'قراءة <قصيرة>.',
        `Read the piece:\n${HREF}`,
        'Replies to this letter reach nobody.',
        'You got this letter because somebody entered your address at \u2068Example Center\u2069 and asked to have the piece sent to you; the center did not choose whom it goes to.',
        'We did not keep your address and put it on no list. A keyed fingerprint of it stays for 90 days, so that you do not get too many such letters.',
        `Never send me such letters again:\n${optOut}`,
        `-- \n\u2068Example Center\u2069\n${ORIGIN}\n\u206812 Sample Street\u2069`,
      ].join('\n\n'),
    );
    expect(cells(html)).toEqual([
      'ltr en <bdi>Example Center</bdi>',
      'ltr en Someone who gave the name “<bdi>سلمى</bdi>” sends you this piece from <bdi>Example Center</bdi>.',
      `rtl ar <a href="${HREF}">المياه & الحدود</a>`,
      'rtl ar <bdi>ليلى القنديلي</bdi>، <bdi>A. Writer</bdi>',
      'rtl ar السبت 31/يناير/2026 - 12:00 م',
      'rtl ar قراءة &lt;قصيرة>.',
      `ltr en <a href="${HREF}">Read the piece</a>`,
      'ltr en Replies to this letter reach nobody.',
      'ltr en You got this letter because somebody entered your address at <bdi>Example Center</bdi> and asked to have the piece sent to you; the center did not choose whom it goes to.',
      'ltr en We did not keep your address and put it on no list. A keyed fingerprint of it stays for 90 days, so that you do not get too many such letters.',
      `ltr en <a href="${optOut}">Never send me such letters again</a>`,
      `ltr en <bdi>Example Center</bdi><br/><span dir="ltr"><a href="${ORIGIN}">${ORIGIN}</a></span><br/><bdi>12 Sample Street</bdi>`,
    ]);
  });

  it('is whole in French, of a piece corrected since, from a center that gives no postal address', async () => {
    const { headers, text, html } = await received(share('fr', { piece: ENGLISH, message: 'À lire !' }));
    expect(headers).toEqual({ ...HEADERS, subject: 'Un texte pour vous : Water & borders' });
    expect(text).toBe(
      [
        'Une personne qui dit s’appeler « \u2068Salma H.\u2069 » vous envoie ce texte, publié sur le site \u2068Centre Exemple\u2069.',
        'Avec ces mots :',
        '> À lire !',
        'Water & borders\n\u2068A. Writer\u2069\nSaturday',
        'Ce texte a été corrigé après sa publication ; sa page indique ce qui a changé.',
        `Lire le texte\u00A0:\n${HREF}`,
        'Les réponses à ce message ne parviennent à personne.',
        'Vous recevez ce message parce que quelqu’un a saisi votre adresse sur le site \u2068Centre Exemple\u2069 et demandé que ce texte vous soit envoyé ; le centre ne choisit pas à qui il l’est.',
        'Nous n’avons pas conservé votre adresse et ne l’avons inscrite sur aucune liste. Il en reste pendant 90 jours une empreinte chiffrée, pour que vous ne receviez pas trop de messages de ce genre.',
        `Ne plus jamais m’envoyer de tels messages\u00A0:\n${optOut}`,
        `-- \n\u2068Centre Exemple\u2069\n${ORIGIN}`,
      ].join('\n\n'),
    );
    expect(cells(html).slice(4, 7)).toEqual([
      `ltr en <a href="${HREF}">Water & borders</a>`,
      'ltr en <bdi>A. Writer</bdi>',
      'ltr en Saturday',
    ]);
    expect(cells(html)[7]).toBe('ltr fr Ce texte a été corrigé après sa publication ; sa page indique ce qui a changé.');
    expect(cells(html).at(-1)).toBe(`ltr fr <bdi>Centre Exemple</bdi><br/><span dir="ltr"><a href="${ORIGIN}">${ORIGIN}</a></span>`);
  });

  it('keeps an English piece left to right in an Arabic letter, what is said of it right to left, and marks what begins in the other script', () => {
    const { text, html, subject } = share('ar', { piece: { ...ENGLISH, title: 'ماء and borders', status: 'retracted' } });
    expect(subject).toBe('مادة أُرسلت إليك: ماء and borders');
    expect(text).toContain(
      '\n\n\u200Eماء and borders\n\u2068A. Writer\u2069\nSaturday\n\nسُحبت هذه المادة بعد نشرها، وفي صفحتها بيان السبب.\n\n',
    );
    expect(cells(html)).toContain(`ltr en <a href="${HREF}">ماء and borders</a>`);
    expect(cells(html)).toContain('rtl ar سُحبت هذه المادة بعد نشرها، وفي صفحتها بيان السبب.');
    const opening = html.match(/<(?:table|td)\b[^>]*>/g)!;
    expect(opening.filter((tag) => tag.includes('lang="en"')).length).toBe(5);
    for (const tag of opening) {
      const [, dir, lang] = /dir="(\w+)" lang="(\w+)"/.exec(tag)!;
      expect(dir).toBe(lang === 'ar' ? 'rtl' : 'ltr');
      expect(tag).toMatch(new RegExp(`style="direction:${dir};text-align:(?:${lang === 'ar' ? 'right' : 'left'}|center);`));
    }
    expect(html).not.toMatch(/-inline-|inset|[a-z]-start|[a-z]-end/);
  });

  it('has the center’s color, and no other center’s', () => {
    for (const { html } of [share('ar'), shareConfirmationMail({ lang: 'ar', center: CENTERS.ar, href: HREF, optOut })]) {
      expect(html).toContain('background-color:#123456');
      expect(html).not.toContain('#0b5c56');
    }
  });

  it('cuts a long title at the end of a word in the subject alone', () => {
    const title = `${'كلمة '.repeat(28)}قصيرة وأخرى لا تظهر`;
    const { subject, text } = share('ar', { piece: { ...PIECE, title } });
    expect(subject).toBe(`مادة أُرسلت إليك: ${'كلمة '.repeat(28)}قصيرة…`);
    expect(text).toContain(title);
    const unbroken = 'ك'.repeat(400);
    expect(share('ar', { piece: { ...PIECE, title: unbroken } }).subject).toBe(`مادة أُرسلت إليك: ${'ك'.repeat(150)}…`);
  });

  it('is without the message when nothing of it is left', () => {
    const { text, html } = share('en', { message: 'https://evil.example/x' });
    for (const part of [text, html]) expect(part).not.toMatch(/They added|evil|…/);
  });

  it('leads nowhere but to the center, whatever name, title and message are, and they reach no header but the subject', () => {
    const part = fc.constantFrom(
      'evil',
      '.',
      'com',
      '@',
      '://',
      'http',
      '<a href="https://evil.example">',
      '"',
      "'",
      '>',
      '\r\n',
      'Bcc: a@b.example',
      '\u2028',
      '\u202E',
      '\u2069',
      '\u2066',
      '[.]',
      '。',
      ' ',
      'سلمى',
      'www.',
      '+20 100 123 4567',
      '\u0000',
      '\uD800',
      '=?utf-8?B?',
      'java',
      'script:',
      '\u200B',
      '&#x68;ttp',
      '](',
      'د',
    );
    const hostile = fc.oneof(
      fc.array(part, { maxLength: 15 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.webUrl(),
    );
    const name = hostile.map(nameOf);
    fc.assert(
      fc.property(name, hostile, hostile, fc.constantFrom(...LANGS), fc.boolean(), (given, title, message, lang, replies) => {
        // Titles are the editors' own: their text may name a site, as it does on the page; a link none of them makes.
        const { subject, html, text } = share(lang, {
          senderName: given,
          message,
          replies,
          piece: { ...PIECE, title, summary: title, byline: [title] },
        });
        const links = [...html.matchAll(/<[^>]*?\b(?:href|src|action|background|cite|formaction|xlink:href)\s*=\s*"?([^"\s>]*)/g)].map(
          ([, link]) => link,
        );
        expect(new Set(links)).toEqual(new Set([HREF, optOut, ORIGIN]));
        expect(html).not.toMatch(/<(?!!DOCTYPE|\/?(?:html|head|meta|title|body|table|tr|td|a|bdi|br|div|span)\b)[a-z!/]|url\(|\son\w+="/i);
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
        const ours = share(lang, { senderName: given, message, replies, piece: { ...PIECE, title: 'T', summary: null, byline: [] } }).text;
        const led = ours.match(/\S*(?::\/\/|www\.\w|@|[\p{L}\p{N}]\.\p{L}{2,})\S*/gu) ?? [];
        expect(led.toSorted()).toEqual([HREF, optOut, ORIGIN].toSorted());
        expect(text).toContain(`\n${HREF}\n`);
      }),
      { numRuns: 3_000 },
    );
  });

  it('has only the headers of every letter, whatever the title holds', async () => {
    for (const title of [
      'a\r\nBcc: evil@evil.example',
      'x\u2028Reply-To: a@b.c',
      '=?utf-8?Q?=0D=0ABcc:_a@b.c?=',
      '\u202Eab\u0000c',
      'ا'.repeat(300),
    ]) {
      const { headers } = await received(share('ar', { piece: { ...PIECE, title } }));
      expect(Object.keys(headers).toSorted()).toEqual([...Object.keys(HEADERS), 'subject'].toSorted());
      expect(headers).toMatchObject(HEADERS);
    }
  });
});

/** A name as the door lets it in, or one it does let in. */
function nameOf(text: string): string {
  try {
    return senderName(text) ?? 'J. R. Smith';
  } catch {
    return 'سلمى';
  }
}

describe('the letter that asks a sender', () => {
  const href = `${ORIGIN}/shares/confirm/abc?lang=ar`;
  const asked = (lang: Lang): Mail => shareConfirmationMail({ lang, center: CENTERS[lang], href, optOut });

  it('is whole in Arabic', async () => {
    const { headers, text, html } = await received(asked('ar'));
    expect(headers).toEqual({ ...HEADERS, subject: 'تأكيد عنوانك في مركز مثال' });
    expect(text).toBe(
      [
        'طُلب في موقع \u2068مركز مثال\u2069 إرسال مادة بالبريد إلى صديق، وكُتب هذا العنوان على أنه عنوان المرسل.',
        'إن كنت أنت من طلب ذلك فأكده في الصفحة التالية خلال 24 ساعة. لن يُرسل شيء قبل أن تؤكد.',
        'وإن لم تكن أنت فلا تفعل شيئًا: لن يُرسل شيء، ويُحذف الطلب بعد 24 ساعة.',
        `إلى صفحة التأكيد:\n${href}`,
        'الردود على هذه الرسالة لا تصل إلى أحد.',
        'وصلتك هذه الرسالة لأن شخصًا كتب عنوانك في خانة المرسل، وقد يكون غيرك.',
        'لا نحفظ عنوانك بعد انتهاء الطلب، ولا نضيفه إلى أي قائمة. تبقى منه بصمة مشفرة مدة 90 يومًا، حتى لا تكثر عليك مثل هذه الرسائل.',
        `لا ترسلوا إليّ مثل هذه الرسائل بعد الآن:\n${optOut}`,
        `-- \n\u2068مركز مثال\u2069\n${ORIGIN}\n\u2068شارع المثال 12، القاهرة\u2069`,
      ].join('\n\n'),
    );
    expect(cells(html)).toContain(
      `rtl ar إن لم يعمل الزر، فانسخ هذا العنوان إلى المتصفح:<br/><span dir="ltr"><a href="${href}">${href}</a></span>`,
    );
  });

  it('says in every language how long there is, what happens without an answer, and how never to be asked again', () => {
    for (const lang of LANGS) {
      const { text, html } = asked(lang);
      expect(text.match(/24/g)).toHaveLength(2);
      expect(new Set([...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link))).toEqual(new Set([href, optOut, ORIGIN]));
      expect(text).toContain(`\n${optOut}\n`);
      expect(text).toContain(`\n${href}\n`);
    }
  });
});
