import { words } from '../text/fold.js';

/** What a line of a page's own apparatus is for. Only 'share' tells where an article ends. */
type ChromeKind = 'advertisement' | 'share' | 'tools' | 'navigation';

/** Lines that belong to a site and not to its articles, compared in folded form; add a site's own here. */
const CHROME: Readonly<Record<ChromeKind, readonly string[]>> = {
  advertisement: [
    'ads',
    'ad',
    'advertisement',
    'advertisements',
    'sponsored',
    'إعلان',
    'إعلانات',
    'اعلان ممول',
    'مساحة إعلانية',
    'publicité',
  ],
  share: [
    'إرسل لصديق',
    'أرسل إلى صديق',
    'إرسال إلى صديق',
    'إرسال لصديق',
    'شارك',
    'شاركها',
    'شارك المقال',
    'شارك هذا المقال',
    'شارك الخبر',
    'شارك على',
    'مشاركة',
    'مشاركة المقال',
    'مشاركة عبر',
    'طباعة',
    'اطبع',
    'طباعة المقال',
    'نسخ الرابط',
    'فيسبوك',
    'تويتر',
    'واتساب',
    'تليجرام',
    'تيليجرام',
    'لينكد إن',
    'print',
    'share',
    'share this',
    'share this article',
    'share on',
    'send to a friend',
    'email this',
    'copy link',
    'facebook',
    'twitter',
    'x',
    'whatsapp',
    'telegram',
    'linkedin',
    'imprimer',
    'partager',
    'envoyer à un ami',
  ],
  tools: [
    'حجم الخط',
    'تكبير الخط',
    'تصغير الخط',
    'خط كبير',
    'خط صغير',
    'استمع',
    'استمع إلى المقال',
    'تحميل',
    'تحميل PDF',
    'font size',
    'increase font size',
    'decrease font size',
    'listen',
    'download pdf',
    'pdf',
    'a',
    'aa',
  ],
  navigation: [
    'الرئيسية',
    'الصفحة الرئيسية',
    'اتصل بنا',
    'من نحن',
    'بحث',
    'القائمة',
    'تسجيل الدخول',
    'المزيد',
    'اقرأ أيضا',
    'مواضيع ذات صلة',
    'موضوعات ذات صلة',
    'التعليقات',
    'أضف تعليقا',
    'home',
    'search',
    'menu',
    'log in',
    'contact us',
    'about us',
    'read more',
    'related articles',
    'comments',
  ],
};

/** Offices named in a masthead: neither such a line nor the name below it is the author. */
const ROLES = new Set(
  [
    'رئيس مجلس الإدارة',
    'رئيس المركز',
    'المدير التنفيذي',
    'المدير العام',
    'مدير المركز',
    'مدير التحرير',
    'رئيس التحرير',
    'نائب رئيس التحرير',
    'المشرف العام',
    'المستشار العلمي',
    'سكرتير التحرير',
    'هيئة التحرير',
    'رئيسة مجلس الإدارة',
    'رئيسة المركز',
    'المديرة التنفيذية',
    'المديرة العامة',
    'مديرة المركز',
    'مديرة التحرير',
    'رئيسة التحرير',
    'نائبة رئيس التحرير',
    'نائبة رئيسة التحرير',
    'نائب رئيسة التحرير',
    'نائبة رئيس المركز',
    'نائب رئيس المركز',
    'نائبة المدير',
    'نائب المدير',
    'المشرفة العامة',
    'المستشارة العلمية',
    'سكرتيرة التحرير',
    'chairman',
    'chairwoman',
    'director',
    'executive director',
    'editor in chief',
    'managing editor',
    'publisher',
  ].map(key),
);

/** Headings with which articles begin; a publisher's name never reads so. */
const OPENINGS = new Set(
  [
    'مقدمة',
    'المقدمة',
    'تمهيد',
    'ملخص',
    'الملخص',
    'ملخص تنفيذي',
    'مستخلص',
    'مدخل',
    'توطئة',
    'introduction',
    'summary',
    'abstract',
    'résumé',
  ].map(key),
);

/** Words that need their colon, since كتب also means "books"; the others name an author by themselves. */
const BYLINES = [
  /^(?:كتبه?|كتبتها?|كتبها|[إا]عداد|تأليف|الكاتبة?|الباحثة?|المؤلفة?|author|auteur|by|par)\s*[:：]\s*(?=\p{L})/iu,
  /^بقلم(?:\s*[:：/-]\s*|\s+)(?=\p{L})/u,
  /^(?:Written by|By|Par)\s+(?=\p{Lu})/u,
];

/** What stands before the date of a later change, which is not the date of publication. */
const CHANGED =
  /^(?:[آا]خر (?:تحديث|تعديل)|تاريخ (?:التحديث|التعديل)|تم التحديث|حُدِّث|last (?:updated?|modified)|updated|(?:dernière )?mise à jour|mis à jour)(?:\s+(?:في|بتاريخ|on|le))?(?:\s*[:：-]\s*|\s+)/iu;

/** The form in which two lines are compared: folded words, single spaces. */
export function key(line: string): string {
  return words(line).join(' ');
}

const CHROME_KINDS = new Map(
  (Object.keys(CHROME) as ChromeKind[]).flatMap((kind) => CHROME[kind].map((phrase): [string, ChromeKind] => [key(phrase), kind])),
);

const LONGEST_PHRASE = Math.max(...[...CHROME_KINDS.keys()].map((phrase) => phrase.split(' ').length));

/** What kind of apparatus a line is when it consists of known phrases only ("Print | Share"), 'share' where one of them is; else null. */
export function chromeKind(line: string): ChromeKind | null {
  const tokens = words(line);
  let found: ChromeKind | null = null;
  for (let start = 0; start < tokens.length;) {
    let length = Math.min(LONGEST_PHRASE, tokens.length - start);
    while (length > 0 && !CHROME_KINDS.has(tokens.slice(start, start + length).join(' '))) length -= 1;
    const kind = CHROME_KINDS.get(tokens.slice(start, start + length).join(' '));
    if (kind === undefined) return null;
    if (found === null || kind === 'share') found = kind;
    start += length;
  }
  return found;
}

/** Whether the line is one word of the site's apparatus that an article could use as a sub-heading ("فيسبوك", "بحث"). */
export function isChromeWord(line: string): boolean {
  return words(line).length === 1 && chromeKind(line) !== null;
}

/** What follows a label such as "آخر تحديث:" or "Updated on", or null when the line does not begin so. */
export function afterChangeLabel(line: string): string | null {
  const label = CHANGED.exec(line)?.[0];
  return label === undefined ? null : line.slice(label.length);
}

/** Whether the line names an office of the masthead. */
export function isRole(line: string): boolean {
  return ROLES.has(key(line));
}

/** Whether the line is a usual first heading of an article. */
export function isOpening(line: string): boolean {
  return OPENINGS.has(key(line));
}

/** The name in a line such as "بقلم: فلان" or "By …", or null when the line does not begin so. */
export function bylineName(line: string): string | null {
  const opening = BYLINES.map((pattern) => pattern.exec(line)?.[0]).find((match) => match !== undefined);
  return opening === undefined ? null : line.slice(opening.length);
}
