/**
 * A stranger's message without anything that leads somewhere: addresses of pages, hosts, mailboxes and accounts, and telephone numbers. Where
 * one stood, `…` stands.
 *
 * What is looked at is not the text itself but what a reader or a mail program may take it for: full-width letters and digits of any script
 * read as plain ones, `。` or `[.]` or `(dot)` as a dot, `(at)` as @, invisible characters as nothing. A dot that merely lacks its space is not
 * a link: `قال.ثم مضى` gets the space, which also keeps mail programs from making a link of it. Where it cannot be told, it goes.
 *
 * Every pattern takes time linear in the text.
 * @returns '' where nothing legible is left
 */
export function withoutLinks(text: string): string {
  let cleared = text;
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const next = onePass(cleared);
    if (next === cleared) return /[\p{L}\p{N}]/u.test(next) ? next : '';
    cleared = next;
  }
  // What is taken out brings its neighbours together. Whoever nests that deep has no message.
  return '';
}

const MOST_PASSES = 8;
/** Where something was. */
const REMOVED = '…';

/** What a text may be taken for, and of each of its units where in the text it comes from. */
interface Reading {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

interface Change {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

function onePass(text: string): string {
  // What is not seen joins for one program and parts for another.
  const changes = ['', '\0'].flatMap((unseen) => {
    const reading = readingOf(text, unseen);
    const found = [...LEADING.flatMap((find) => find(reading.text)), ...domains(reading, text), ...phones(reading.text)];
    return found.map(({ from, to, by }): Change => {
      const end = reading.to[to - 1]!;
      return { from: by === REMOVED ? reading.from[from]! : end, to: end, by };
    });
  });
  return changes.length === 0 ? text : changed(text, changes);
}

/** Makes the changes in order; of two that overlap one is made of both. Each looks at its own surroundings only: there may be thousands. */
function changed(text: string, changes: readonly Change[]): string {
  const parts: string[] = [];
  let marked = false;
  let last = '';
  const keep = (kept: string): void => {
    if (kept === '') return;
    // The mark stands free of what could be read together with it.
    parts.push(marked && !CLOSING.test(kept.charAt(0)) ? ' ' : '', kept);
    last = kept.charAt(kept.length - 1);
    marked = false;
  };
  let at = 0;
  for (const { from, to, by } of changes.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    // Within what was taken out already, as its end may be.
    if (to <= at && at > 0) continue;
    const kept = text.slice(at, Math.max(at, from));
    at = Math.max(at, to);
    if (by !== REMOVED) {
      keep(kept);
      parts.push(by);
      last = by;
      marked = false;
    } else if (kept.trimEnd().endsWith(REMOVED)) {
      keep(kept.trimEnd());
      marked = true;
    } else if (!marked || kept.trim() !== '') {
      keep(kept);
      parts.push(OPENING.test(last) ? '' : ' ', REMOVED);
      last = REMOVED;
      marked = true;
    }
  }
  keep(text.slice(at));
  return parts.join('').trim();
}

const CLOSING = /[\s)\]}»”"',،؛;:!؟?…]/;
const OPENING = /[\s([{«“"'>]|^$/;

// --- reading ---------------------------------------------------------------------------------------------------------------------------

/** What name servers, browsers and people take for a dot: UTS 46, and the full stops of Urdu and Syriac. */
const DOTS = /[。．｡․﹒۔܁܂]/u;
const DIGIT = /\p{Nd}/u;
/** Controls too: a letter leaves them out. */
const UNSEEN = /(?![\n\r])[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/u;

/** @param unseen what stands for characters that are not seen */
function readingOf(text: string, unseen: string): Reading {
  const units: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let at = 0;
  let endsInDot = false;
  for (const letter of text) {
    const end = at + letter.length;
    const plain = read(letter, unseen);
    // `⒈` and `㏂` end in a dot of their own: with the next it is still one for a program that does not take them apart.
    const isSecond = endsInDot && plain.length === 1 && plain[0] === '.';
    endsInDot = plain.length > 1 && plain.at(-1) === '.';
    for (const unit of isSecond ? [] : plain) {
      units.push(unit);
      from.push(at);
      to.push(end);
    }
    at = end;
  }
  return WRITTEN_OUT.reduce(rewritten, { text: units.join(''), from, to });
}

/** @returns UTF-16 units */
function read(letter: string, unseen: string): string[] {
  if (letter === '…') return ['…'];
  if (UNSEEN.test(letter)) return unseen.split('');
  if (DOTS.test(letter)) return ['.'];
  // Lower case by letter: that of a whole text may have other lengths.
  return letter
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\p{Nd}/gu, digit)
    .split('');
}

/** Decimal digits stand in order, ten in a row: how many stand before this one is its value. */
function digit(letter: string): string {
  const code = letter.codePointAt(0)!;
  let value = 0;
  while (value < 9 && DIGIT.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}

/**
 * What the name of a host may be made of. More than letters: `❤.ws` is registered and is opened, so are other signs, and what is not assigned
 * yet may be one tomorrow. Signs of punctuation count where they are no mark of a sentence.
 */
const LABEL = `[\\p{L}\\p{M}\\p{N}\\p{S}\\p{Pd}\\p{Pc}\\p{Cn}\\p{Co}·・‧†‡•‣※‽⁂׳״§¶]`;

/** Ends of names that are no words; a space beside the dot does not hide them. */
const NOT_WORDS = 'com|org|biz|xyz|كوم';
const AFTER_DOT_IN_WORDS = `${NOT_WORDS}|net|info|io|co|me|ly|ru|cn|site|online|shop|app|dev|edu|gov|نت|اورج|أورج|اورغ|أورغ`;

/** Spellings of a dot or an @, each with the sign it stands for. */
const WRITTEN_OUT: readonly (readonly [RegExp, string])[] = [
  [/\s{0,3}[[({<]\s{0,3}(?:\.|dot|punkt|point|punto|نقطة|نقطه|دوت)\s{0,3}[\])}>]\s{0,3}/g, '.'],
  [/\s{0,3}[[({<]\s{0,3}(?:@|at|arobase|ات|آت|أت)\s{0,3}[\])}>]\s{0,3}/g, '@'],
  [new RegExp(`\\s{1,3}(?:dot|نقطة|نقطه|دوت)\\s{1,3}(?=(?:${AFTER_DOT_IN_WORDS})(?![\\p{L}\\p{N}]))`, 'gu'), '.'],
  [new RegExp(`(?<=${LABEL})(?:\\s{1,3}\\.\\s{0,3}|\\.\\s{1,3})(?=(?:${NOT_WORDS})(?![\\p{L}\\p{N}]))`, 'gu'), '.'],
  [new RegExp(`(?<=${LABEL})\\s{1,3}\\.(?=(?:net|info|io|site|online|shop|app|dev|نت)(?![\\p{L}\\p{N}]))`, 'gu'), '.'],
];

function rewritten(reading: Reading, [pattern, sign]: readonly [RegExp, string]): Reading {
  const text: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let at = 0;
  const copyUntil = (end: number): void => {
    text.push(reading.text.slice(at, end));
    for (; at < end; at += 1) {
      from.push(reading.from[at]!);
      to.push(reading.to[at]!);
    }
  };
  for (const { index, 0: written } of reading.text.matchAll(pattern)) {
    copyUntil(index);
    text.push(sign);
    from.push(reading.from[index]!);
    to.push(reading.to[index + written.length - 1]!);
    at = index + written.length;
  }
  copyUntil(reading.text.length);
  return { text: text.join(''), from, to };
}

// --- finding ---------------------------------------------------------------------------------------------------------------------------

const all =
  (pattern: RegExp) =>
  (text: string): Change[] =>
    [...text.matchAll(pattern)].map(({ index, 0: found }) => ({ from: index, to: index + found.length, by: REMOVED }));

/** The rest of an address, up to what ends one in prose. */
const REST = `[^\\s\\0<>"«»“”،؛…]*`;
const WORD = `[\\p{L}\\p{M}\\p{N}._%+-]`;

/** What leads somewhere by its own signs. No pattern can begin within its own beginning, so each looks at a letter a bounded number of times. */
const LEADING = [
  // https://…, hxxp://…, //…
  all(new RegExp(`(?<![a-z\\d+.-])[a-z][a-z\\d+.-]{0,30}\\s?:\\s?//${REST}`, 'gu')),
  all(new RegExp(`//${REST}`, 'gu')),
  all(new RegExp(`\\\\\\\\${REST}`, 'gu')),
  all(new RegExp(`(?<!\\p{L})h[tx*_]{2}ps?(?!\\p{L})(?:\\s?:${REST}|(?<=xxps?))`, 'gu')),
  all(
    new RegExp(
      `(?<!\\p{L})(?:ftps?|wss?|mailto|tel|sms|callto|sip|xmpp|skype|whatsapp|tg|magnet|bitcoin|javascript|data):(?=\\S)${REST}`,
      'gu',
    ),
  ),
  all(new RegExp(`(?<![\\p{L}\\p{N}])www\\d{0,2}(?![\\p{L}\\p{N}])\\s{0,3}${REST}`, 'gu')),
  all(new RegExp(`(?<!${WORD})${WORD}*xn--${REST}`, 'gu')),
  // name@host, @name, name @ host
  all(new RegExp(`(?<!${WORD})${WORD}*(?:\\s{1,2}@(?=\\s)|@)[\\s@]{0,4}${WORD}*`, 'gu')),
  // 192.0.2.1, 2001:db8::1
  all(new RegExp(`(?<![\\d.])\\d{1,3}(?:\\.\\d{1,3}){3}(?!\\d)${REST}`, 'gu')),
  all(/(?<![\da-f:])\[?(?:[\da-f]{0,4}:){3,}[\da-f]{0,4}\]?/g),
  all(/(?<![\da-f:])\[?(?:[\da-f]{1,4})?::[\da-f]{1,4}\]?/g),
  // A dot between a mark and a word, because the mark hides what the dot would make of its neighbours.
  all(/(?<=[^\s.…])\.{1,3}…(?=[^\s.…])|(?<=[^\s.…])…\.{1,3}(?=[^\s.…])/gu),
];

const CHAIN = new RegExp(`(?<!${LABEL})${LABEL}+(?:\\.${LABEL}+)+`, 'gu');
const PORT_OR_PATH = new RegExp(`[/?#:\\\\]${REST}`, 'uy');

/** Names with dots: those that could be a host's go, the others get the space that was left out. */
function domains(reading: Reading, original: string): Change[] {
  return [...reading.text.matchAll(CHAIN)].flatMap(({ index, 0: chain }): Change[] => {
    const labels = chain.split('.');
    let next = index;
    const starts = labels.map(({ length }) => (next += length + 1) - length - 1);
    const words = labels.map((label, place) => ({
      label,
      capital: isCapital(original.slice(reading.from[starts[place]!], reading.to[starts[place]!])),
    }));
    if (words.some((word, place) => place > 0 && couldEndHost(word, labels[place - 1]!))) {
      PORT_OR_PATH.lastIndex = index + chain.length;
      const rest = PORT_OR_PATH.exec(reading.text)?.[0] ?? '';
      return [{ from: index, to: index + chain.length + rest.length, by: REMOVED }];
    }
    return labels.flatMap((label, place) =>
      place > 0 && TWO_LETTERS.test(label) ? [{ from: starts[place]!, to: starts[place]!, by: ' ' }] : [],
    );
  });
}

const TWO_LETTERS = /^\p{L}\p{M}*\p{L}/u;
const ONE_LETTER = /^\p{L}\p{M}*$/u;

function isCapital(letter: string): boolean {
  return letter !== letter.toLowerCase();
}

/**
 * Whether the label behind a dot could be a top-level domain. Of those in ASCII there are well over a thousand, words of prose among them: all
 * could be, unless a capital letter says that a sentence begins there (`done.But`, `J.Smith`). Of the others there are few, and they are known.
 */
function couldEndHost({ label, capital }: { readonly label: string; readonly capital: boolean }, before: string): boolean {
  const [end = ''] = /^[\p{L}\p{M}]+/u.exec(label) ?? [];
  if (!/^[a-z]+$/.test(end)) return OTHER_ENDS.has(end) && !ONE_LETTER.test(before);
  if (end.length < 2) return false;
  return !capital || end.length < 3 || COMMON_ENDS.test(end);
}

const COMMON_ENDS =
  /^(?:com|net|org|info|biz|xyz|edu|gov|int|mil|app|dev|site|online|shop|store|club|top|link|click|live|news|blog|cloud|tech|vip|icu|pro|win|work|world|today|space|website|page|name|mobi|asia|arpa|onion)$/;

/** Top-level domains that are not in ASCII: IANA’s list, 2026. One that is missing here gets a space, and is no link then. */
const OTHER_ENDS = new Set(
  (
    'ابوظبي ارامكو الاردن البحرين الجزائر السعودية العليان المغرب امارات ایران بارت بازار بيتك بھارت تونس سودان سورية شبكة عراق عرب عمان ' +
    'فلسطين قطر كاثوليك كوم مصر مليسيا موريتانيا موقع همراه پاکستان ڀارت ελ ευ бг бел дети ею католик ком мкд мон москва онлайн орг рус рф ' +
    'сайт срб укр қаз հայ ישראל קום कॉम नेट भारत भारतम् भारोत संगठन বাংলা ভারত ভাৰত ਭਾਰਤ ભારત ଭାରତ இந்தியா இலங்கை சிங்கப்பூர் భారత్ ಭಾರತ ' +
    'ഭാരതം ලංකා คอม ไทย ລາວ გე みんな アマゾン クラウド グーグル コム ストア セール ファッション ポイント 世界 中信 中国 中國 中文网 亚马逊 企业 ' +
    '佛山 信息 健康 八卦 公司 公益 台湾 台灣 商城 商店 商标 嘉里 嘉里大酒店 在线 大拿 天主教 娱乐 家電 广东 微博 慈善 我爱你 手机 招聘 政务 政府 ' +
    '新加坡 新闻 时尚 書籍 机构 淡马锡 游戏 澳門 点看 移动 组织机构 网址 网店 网站 网络 联通 谷歌 购物 通販 集团 電訊盈科 飞利浦 食品 餐厅 香格里拉 ' +
    '香港 닷넷 닷컴 삼성 한국'
  )
    .normalize('NFKC')
    .split(' '),
);

// --- telephones ------------------------------------------------------------------------------------------------------------------------

/** What may stand between two digits and leaves them one number: signs and spaces, the stroke that draws out an Arabic word, a mark of ours. */
const SIGN = '[\\p{Lm}\\p{P}\\p{S}\\p{Z}\\p{C}]';
/** Up to three signs, or one letter that has the same on both sides: `0x1`, `0 x 1`, `0-x-1`, but not `F-16, F-35`. */
const GAP = `(?:(?:${SIGN}\\p{M}*){1,3}|(${SIGN}?)\\p{L}\\p{M}*\\1)`;
/** Seven digits or more. Marks are looked through: a digit in its keycap is one. `\p{N}` is what {@link read} left: `❶`, `〇` and their like. */
const MANY_DIGITS = new RegExp(`[+(]{0,3}\\p{N}(?:\\p{M}*${GAP}?\\p{N}){6,}\\p{M}*`, 'gu');

function phones(text: string): Change[] {
  return [...text.matchAll(MANY_DIGITS)].flatMap(({ index, 0: found }) => {
    // A bracket that closes behind the number is the sentence's.
    const from = found.includes(')') ? index : index + /^\(*/.exec(found)![0].length;
    const to = index + found.length;
    // With what decides about a sum beside it, and without what is not seen: numbers in Arabic text have directional marks around them.
    const [before = '', digits = '', after = ''] = [
      text.slice(Math.max(0, from - 3), from),
      text.slice(from, to),
      text.slice(to, to + 12),
    ].map((part) => part.replaceAll('\0', ''));
    return isProse(before + digits + after, before.length, before.length + digits.length) ? [] : [{ from, to, by: REMOVED }];
  });
}

const YEAR = '(?:1\\d|20)\\d\\d';
const DAY = '(?:0?[1-9]|[12]\\d|3[01])';
const MONTH = '(?:0?[1-9]|1[0-2])';
const DATE = `${YEAR}(?<a>[-/.])${MONTH}\\k<a>${DAY}|(?:${DAY}\\s?[-–]\\s?)?${DAY}(?<b>[-/.])${MONTH}\\k<b>${YEAR}`;
const CLOCK = '(?:[01]?\\d|2[0-4])\\s?[:h]\\s?[0-5]\\d(?::[0-5]\\d)?';
/** Resolution 242 (1967). */
const NUMBER_OF_YEAR = `[1-9]\\d{0,3}\\s?\\(${YEAR}(?=\\))`;
const FRACTION = '(?:[.٫]\\d{1,2})?';
/** Nine digits at most: with one comma more it is a telephone's sooner than a sum. */
const THOUSANDS = `[1-9]\\d{0,2}(?:[,٬]\\d{3}){1,2}${FRACTION}`;
/** Round millions, also with spaces as in French, or dots; round thousands of millions. Hardly a telephone ends so. */
const ROUND = `[1-9]\\d{0,2}(?<c>[\\s,٬.'’])(?:\\d{3}\\k<c>|(?:\\d{3}\\k<c>){1,3}000\\k<c>)?000(?!\\k<c>\\d)`;
const amount = (group: string): string => `(?:[1-9]\\d{0,2}(?:(?<${group}>[\\s,٬.'’])\\d{3}(?:\\k<${group}>\\d{3}){0,4})?|0)${FRACTION}`;
const MONEY = '(?:\\p{Sc}|[%‰٪]|(?:دولار|يورو|ريال|درهم|دينار|جنيه|ليرة|dollars?|euros?|usd|eur|gbp|sar|aed|egp)(?!\\p{L}))';
/** A point in time; a sum with its sign; a plain number, which begins with no nought. Each looks at a bounded number of letters. */
const QUANTITY = new RegExp(
  `(?:(?<time>${DATE}|${CLOCK}|${NUMBER_OF_YEAR}|${YEAR})|(?<sum>${ROUND}|${amount('d')}(?=\\s?${MONEY})|(?<=[\\p{Sc}%٪]\\s?)${amount('e')})|` +
    `(?<plain>${THOUSANDS}|\\d[.٫]\\d{1,6}|[1-9]\\d[.٫]\\d{1,4}|[1-9]\\d{0,5}))(?!\\p{N})`,
  'uy',
);
const ANY_DIGIT = /\p{N}/gu;

/** Between two points in time, or one and a sum. */
const LOOSE_GAP = /^(?:[\s,،;؛:/&()–—−…\-%٪‰\p{Sc}]{1,3}|\s\p{L}\s|t)$/u;
/** Between the numbers of a list. */
const LIST_GAP = /^(?:[)%٪‰\p{Sc}]?[,،;؛:]\s[(%٪\p{Sc}]?|،|\s\p{L}\s)$/u;
const SPAN_GAP = /^[%٪‰\p{Sc}]?\s?[-–—−]\s?\p{Sc}?$/u;
/** In a span of years, as long as an empire lasted. */
const LONGEST_SPAN = 650;

interface Quantity {
  readonly kind: 'time' | 'sum' | 'plain';
  readonly value: number;
  /** In front of the point. */
  readonly digits: number;
  readonly inThousands: boolean;
}

/** Whether digits are what an article is full of: dates, years and spans of them, hours, sums, percentages, pages. */
function isProse(text: string, from: number, to: number): boolean {
  const plain: Quantity[] = [];
  let before: Quantity | null = null;
  let gap = '';
  let wasSpan = false;
  let at = from;
  while (text[at] === '(') at += 1;
  for (;;) {
    QUANTITY.lastIndex = at;
    const found = QUANTITY.exec(text);
    if (found === null) return false;
    const quantity = quantityOf(found);
    if (quantity.kind === 'plain') plain.push(quantity);
    if (before !== null) {
      // 120–134, but not 12-34-56.
      const isSpan: boolean = SPAN_GAP.test(gap) && !wasSpan && areEnds(before, quantity);
      if (!isSpan && !LIST_GAP.test(gap) && !(LOOSE_GAP.test(gap) && areApart(before, quantity))) return false;
      wasSpan = isSpan;
    }
    at = QUANTITY.lastIndex;
    // Two numbers and an `and`: from 15230 to 26410.
    if (at >= to) return isList(plain) || (plain.length === 2 && before?.kind === 'plain' && /^\s\p{L}\s$/u.test(gap));
    ANY_DIGIT.lastIndex = at;
    const next = ANY_DIGIT.exec(text)?.index ?? to;
    gap = text.slice(at, next);
    before = quantity;
    at = next;
  }
}

function quantityOf({ 0: found, groups }: RegExpExecArray): Quantity {
  const written = found.replace(/[,٬]/g, '').replace('٫', '.');
  return {
    kind: groups!.time !== undefined ? 'time' : groups!.sum !== undefined ? 'sum' : 'plain',
    value: Number(written),
    digits: /^\d+/.exec(written)![0].length,
    inThousands: /[,٬]/.test(found),
  };
}

/** Points in time, or one and a sum; what a year is said of may have a small number: Covid-19 2020–2021. */
function areApart(one: Quantity, other: Quantity): boolean {
  if (one.kind === 'plain') return other.kind === 'time' && one.digits <= 2;
  return other.kind !== 'plain' && (one.kind === 'time' || other.kind === 'time');
}

/** Two of a kind, or the years of what began before the year 1000: 750–1258, but not 555-1999. */
function areEnds(first: Quantity, last: Quantity): boolean {
  if (first.kind === last.kind) return true;
  return first.kind === 'plain' && last.kind === 'time' && last.value > first.value && last.value - first.value <= LONGEST_SPAN;
}

/** Pages and figures ascend, are short and of about one length; or they lie close together; or they are round. */
function isList(numbers: readonly Quantity[]): boolean {
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (!first || !last) return true;
  const ascend = numbers.every(({ value }, place) => place === 0 || value >= numbers[place - 1]!.value);
  const areShort = numbers.every(({ digits, inThousands }) => inThousands || digits <= 3);
  const areClose = numbers.length > 1 && last.value - first.value < 100;
  return (ascend && (areShort || areClose) && last.digits - first.digits <= 1) || numbers.every(({ value }) => value % 10 === 0);
}
