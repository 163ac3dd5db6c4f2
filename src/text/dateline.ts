import { fold } from './fold.js';
import type { Lang } from './language.js';

/** What a dateline says, and what is doubtful about it. */
export interface ParsedDateline {
  /** The calendar day in the zone the line was read in, `YYYY-MM-DD`. */
  date: string;
  /** The minute the line names; null when it gives no time of day, because midnight would be a guess (and some days have none). */
  instant: Date | null;
  precision: 'minute' | 'day';
  /**
   * `weekday_mismatch`: the weekday named is not that of the date, and the date was believed. `ambiguous_hour`: the clock showed this time twice
   * that night, and the first was taken. `hour_in_gap`: the clock never showed this time, and it was moved forward by the length of the gap.
   */
  warnings: ('weekday_mismatch' | 'ambiguous_hour' | 'hour_in_gap')[];
}

interface Day {
  year: number;
  month: number;
  day: number;
}

interface Time {
  hour: number;
  minute: number;
}

/** Longest line that is looked at; the longest real dateline is about half of it. */
const MAX_LINE = 120;

/** Years a dateline may name; a Hijri year (14xx) written in digits must not be taken for a Gregorian one. */
const FIRST_YEAR = 1800;
const LAST_YEAR = 2199;

// House style: الإثنين with hamza below, where CLDR writes الاثنين.
const WEEKDAYS: Readonly<Record<Lang, readonly string[]>> = {
  ar: ['الأحد', 'الإثنين', 'الثلاثاء', 'الأربعاء', 'الخميس', 'الجمعة', 'السبت'],
  en: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
  fr: ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'],
};
const OTHER_WEEKDAYS: readonly (readonly string[])[] = [
  ['أحد', 'sun'],
  ['اثنين', 'mon'],
  ['ثلاثاء', 'الثلاثا', 'الثلثاء', 'tue', 'tues'],
  ['أربعاء', 'الأربعا', 'wed'],
  ['خميس', 'thu', 'thur', 'thurs'],
  ['جمعة', 'fri'],
  ['سبت', 'sat'],
];

const MONTHS: Readonly<Record<Lang, readonly string[]>> = {
  ar: ['يناير', 'فبراير', 'مارس', 'أبريل', 'مايو', 'يونيو', 'يوليو', 'أغسطس', 'سبتمبر', 'أكتوبر', 'نوفمبر', 'ديسمبر'],
  en: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
  fr: ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
};
// Levant and Iraq first, then Morocco, then Algeria and Tunisia, then older Egyptian spellings, then abbreviations (CLDR month names by region).
const OTHER_MONTHS: readonly (readonly string[])[] = [
  ['كانون الثاني', 'كانون ثاني', 'جانفي', 'jan', 'janv'],
  ['شباط', 'فيفري', 'feb', 'févr'],
  ['آذار', 'mar'],
  ['نيسان', 'أفريل', 'apr', 'avr'],
  ['أيار', 'ماي'],
  ['حزيران', 'جوان', 'يونيه', 'jun'],
  ['تموز', 'يوليوز', 'جويلية', 'يوليه', 'jul', 'juil'],
  ['آب', 'غشت', 'أوت', 'aug'],
  ['أيلول', 'شتنبر', 'sep', 'sept'],
  ['تشرين الأول', 'تشرين أول', 'oct'],
  ['تشرين الثاني', 'تشرين ثاني', 'نونبر', 'nov'],
  ['كانون الأول', 'كانون أول', 'دجنبر', 'dec', 'déc'],
];

const MERIDIEMS: ReadonlyMap<string, 'am' | 'pm'> = new Map([
  ...['ص', 'صباحا', 'am'].map((name) => [name, 'am'] as const),
  ...['م', 'مساء', 'مساءا', 'pm'].map((name) => [name, 'pm'] as const),
]);

const WEEKDAY_BY_NAME = numbersByName([WEEKDAYS.ar, WEEKDAYS.en, WEEKDAYS.fr], OTHER_WEEKDAYS, 0);
const MONTH_BY_NAME = numbersByName([MONTHS.ar, MONTHS.en, MONTHS.fr], OTHER_MONTHS, 1);

const SEPARATORS: ReadonlySet<string> = new Set(['/', '-', '\u2013', '\u2014', '،', ',', '.', '|']);
const NUMERIC_SEPARATORS: ReadonlySet<string> = new Set(['/', '-', '.']);
const ORDINALS: ReadonlySet<string> = new Set(['er', 'st', 'nd', 'rd', 'th']);
const COMMON_ERA: ReadonlySet<string> = new Set(['م', 'ميلادي', 'ميلاديه']);
const TIME_PREPOSITIONS: ReadonlySet<string> = new Set(['في', 'عند', 'الساعه', 'at', 'a']);

const ISO =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[t ]([0-9]{2}):([0-9]{2})(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?(?: ?(z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?$/;

/**
 * Reads a line that is a dateline and nothing else; null for any other line, an impossible date or time, and a line over 120 characters.
 *
 * Understood: an optional weekday; day, month, year with spaces, `/`, `-` or commas between; months by number or by name in English, French and
 * the Arabic families of Egypt and the Gulf, the Levant and Iraq, Morocco, Algeria and Tunisia, also doubled (أيلول/سبتمبر); an optional time
 * on a 24-hour clock or with ص, م, صباحا, مساء, AM, PM (12 ص is 00:00, 12 م is 12:00); ASCII, Arabic-Indic and Persian digits; ISO 8601, where
 * an offset in the line outweighs `zone`. Numeric dates are day first, or year first with four digits. Years 1800–2199.
 * @param zone IANA name of the zone whose clock the line quotes.
 * @throws RangeError when the zone is unknown.
 */
export function parseDateline(line: string, zone: string): ParsedDateline | null {
  if (line.length > MAX_LINE) return null;
  const text = fold(line).replace(/\s+/g, ' ').trim();
  const iso = ISO.exec(text);
  return iso ? readIso(iso, zone) : readWords(text, zone);
}

/**
 * The house dateline of an instant, on the clock of a zone, in ASCII digits: `الإثنين 18/سبتمبر/2023 - 07:42 م`,
 * `Monday 18 September 2023 - 07:42 PM`, `lundi 18 septembre 2023 - 19:42`. Seconds are dropped.
 * @throws RangeError when the instant is an invalid date or the zone is unknown.
 */
export function formatDateline(instant: Date, lang: Lang, zone: string): string {
  const { year, month, day, hour, minute } = wallClock(instant.getTime(), zone);
  const weekday = WEEKDAYS[lang][weekdayOf({ year, month, day })] ?? '';
  const monthName = MONTHS[lang][month - 1] ?? '';
  const time12 = `${twoDigits(hour % 12 || 12)}:${twoDigits(minute)}`;
  switch (lang) {
    case 'ar':
      return `${weekday} ${day}/${monthName}/${year} - ${time12} ${hour < 12 ? 'ص' : 'م'}`;
    case 'en':
      return `${weekday} ${day} ${monthName} ${year} - ${time12} ${hour < 12 ? 'AM' : 'PM'}`;
    case 'fr':
      return `${weekday} ${day} ${monthName} ${year} - ${twoDigits(hour)}:${twoDigits(minute)}`;
  }
}

/**
 * The first instant of a calendar day in a zone: midnight, or the end of the gap when the clock jumps over midnight (28 April 2023 starts at
 * 01:00 in Cairo). A day the zone left out altogether gives the first instant after it.
 * @param date `YYYY-MM-DD`.
 * @throws RangeError when the date is malformed or impossible, or the zone is unknown.
 */
export function startOfDay(date: string, zone: string): Date {
  const [, year, month, day] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(date) ?? [];
  const midnight = { year: Number(year), month: Number(month), day: Number(day) };
  if (!isPossible(midnight)) throw new RangeError('a day must be written YYYY-MM-DD and exist');
  const { instants, around } = instantsOf(midnight, { hour: 0, minute: 0 }, zone);
  if (instants[0] !== undefined) return new Date(instants[0]);
  // The clock jumped over midnight: find the second of the jump between the two readings of 00:00.
  let [before, after] = around;
  const offsetAfter = offsetAt(after, zone);
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (offsetAt(middle, zone) === offsetAfter) after = middle;
    else before = middle;
  }
  return new Date(after);
}

function readIso(match: RegExpExecArray, zone: string): ParsedDateline | null {
  const [, year, month, day, hour, minute, offset] = match;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  if (!isPlausible(date)) return null;
  if (hour === undefined || minute === undefined) return dated(date, null, null, zone);
  const time = { hour: Number(hour), minute: Number(minute) };
  if (!isPossibleTime(time)) return null;
  if (offset === undefined) return dated(date, time, null, zone);
  const offsetMinutes = minutesOf(offset);
  if (offsetMinutes === null) return null;
  const instant = new Date(asUtc(date, time) - offsetMinutes * 60_000);
  return { date: isoDay(wallClock(instant.getTime(), zone)), instant, precision: 'minute', warnings: [] };
}

/** Minutes east of UTC of an ISO 8601 offset (`z`, `+02`, `+0200`, `+02:00`), or null when no zone can have it. */
function minutesOf(offset: string): number | null {
  if (offset === 'z') return 0;
  const digits = offset.slice(1).replace(':', '');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 14 || minutes > 59) return null;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function readWords(text: string, zone: string): ParsedDateline | null {
  const tokens = new Tokens(text.match(/[0-9]+|\p{L}+|\S/gu) ?? []);
  const weekday = readWeekday(tokens);
  const date = readDate(tokens);
  if (date === null || !isPlausible(date)) return null;
  tokens.takeOneOf(COMMON_ERA);
  if (tokens.atEnd) return dated(date, null, weekday, zone);
  tokens.skipSeparators();
  while (tokens.takeOneOf(TIME_PREPOSITIONS)) continue;
  const time = readTime(tokens);
  return time !== null && tokens.atEnd ? dated(date, time, weekday, zone) : null;
}

/** A line's folded words, numbers and signs, read from left to right. */
class Tokens {
  private at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  get atEnd(): boolean {
    return this.at === this.tokens.length;
  }

  take(token: string): boolean {
    return this.takeOneOf(new Set([token])) !== undefined;
  }

  takeOneOf(accepted: ReadonlySet<string>): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || !accepted.has(token)) return undefined;
    this.at += 1;
    return token;
  }

  takeNumber(minDigits: number, maxDigits: number): number | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || !/^[0-9]+$/.test(token) || token.length < minDigits || token.length > maxDigits) return undefined;
    this.at += 1;
    return Number(token);
  }

  /** The number of a name of one word or two; the longer reading wins (كانون الأول). */
  takeNamed(numbers: ReadonlyMap<string, number>): number | undefined {
    for (const length of [2, 1]) {
      const number = numbers.get(this.tokens.slice(this.at, this.at + length).join(' '));
      if (number === undefined || this.at + length > this.tokens.length) continue;
      this.at += length;
      return number;
    }
    return undefined;
  }

  /** Runs a reading that may not apply; the place stays where it was when it gives undefined. */
  attempt<T>(read: () => T | undefined): T | undefined {
    const start = this.at;
    const result = read();
    if (result === undefined) this.at = start;
    return result;
  }

  /** Passes up to two separators: `Sept., 2023` has two, more than that is no dateline. */
  skipSeparators(): void {
    for (let passed = 0; passed < 2; passed += 1) if (!this.takeOneOf(SEPARATORS)) return;
  }
}

function readWeekday(tokens: Tokens): number | null {
  const weekday = tokens.attempt(() => {
    tokens.take('يوم');
    return tokens.takeNamed(WEEKDAY_BY_NAME);
  });
  if (weekday !== undefined) tokens.skipSeparators();
  return weekday ?? null;
}

function readDate(tokens: Tokens): Day | null {
  const day = tokens.attempt(() => readYearFirst(tokens)) ?? tokens.attempt(() => readMonthFirst(tokens)) ?? readDayFirst(tokens);
  return day ?? null;
}

function readYearFirst(tokens: Tokens): Day | undefined {
  const year = tokens.takeNumber(4, 4);
  const separator = tokens.takeOneOf(NUMERIC_SEPARATORS);
  const month = tokens.takeNumber(1, 2);
  if (separator === undefined || !tokens.take(separator)) return undefined;
  return dayOf(year, month, tokens.takeNumber(1, 2));
}

function readMonthFirst(tokens: Tokens): Day | undefined {
  const month = readMonthName(tokens);
  if (month === undefined) return undefined;
  tokens.skipSeparators();
  const day = readDayNumber(tokens);
  tokens.skipSeparators();
  return dayOf(tokens.takeNumber(4, 4), month, day);
}

function readDayFirst(tokens: Tokens): Day | undefined {
  const day = readDayNumber(tokens);
  if (!tokens.take('of')) tokens.skipSeparators();
  const month = tokens.attempt(() => readMonthName(tokens)) ?? tokens.takeNumber(1, 2);
  tokens.skipSeparators();
  return dayOf(tokens.takeNumber(4, 4), month, day);
}

function readDayNumber(tokens: Tokens): number | undefined {
  const day = tokens.takeNumber(1, 2);
  tokens.takeOneOf(ORDINALS);
  return day;
}

/** A month's name, or the same month named twice in two regional families: `أيلول/سبتمبر`, `سبتمبر (أيلول)`. */
function readMonthName(tokens: Tokens): number | undefined {
  const month = tokens.takeNamed(MONTH_BY_NAME);
  if (month === undefined) return undefined;
  const again = tokens.attempt(() => {
    tokens.skipSeparators();
    const inBrackets = tokens.take('(');
    const second = tokens.takeNamed(MONTH_BY_NAME);
    return inBrackets && !tokens.take(')') ? undefined : second;
  });
  return again === undefined || again === month ? month : undefined;
}

function readTime(tokens: Tokens): Time | null {
  const hour = tokens.takeNumber(1, 2);
  if (hour === undefined) return null;
  const sign = tokens.takeOneOf(new Set([':', '.', 'h']));
  const minute = sign === undefined ? undefined : tokens.takeNumber(2, 2);
  if (minute === undefined && sign !== undefined && sign !== 'h') return null;
  if (minute !== undefined && tokens.take(':')) {
    const second = tokens.takeNumber(2, 2);
    if (second === undefined || second > 59) return null;
  }
  const meridiem = readMeridiem(tokens);
  // A bare number is an hour only when something says so.
  if (sign === undefined && meridiem === undefined) return null;
  const hour24 = on24HourClock(hour, meridiem);
  if (hour24 === null) return null;
  const time = { hour: hour24, minute: minute ?? 0 };
  return isPossibleTime(time) ? time : null;
}

function readMeridiem(tokens: Tokens): 'am' | 'pm' | undefined {
  const dotted = tokens.attempt(() => {
    const letter = tokens.takeOneOf(new Set(['a', 'p']));
    if (letter === undefined || !tokens.take('.') || !tokens.take('m')) return undefined;
    return letter === 'a' ? 'am' : 'pm';
  });
  const meridiem = dotted ?? MERIDIEMS.get(tokens.takeOneOf(new Set(MERIDIEMS.keys())) ?? '');
  if (meridiem !== undefined) tokens.take('.');
  return meridiem;
}

/** The hour 0–23, or null where hour and half of the day contradict each other; `19:42 م` says the same thing twice and passes. */
function on24HourClock(hour: number, meridiem: 'am' | 'pm' | undefined): number | null {
  if (meridiem === undefined) return hour;
  if (meridiem === 'am') return hour > 12 ? null : hour % 12;
  if (hour === 0) return null;
  return hour < 12 ? hour + 12 : hour;
}

function dated(date: Day, time: Time | null, weekday: number | null, zone: string): ParsedDateline {
  const warnings: ParsedDateline['warnings'] = [];
  if (weekday !== null && weekday !== weekdayOf(date)) warnings.push('weekday_mismatch');
  if (time === null) {
    formatterFor(zone); // an unknown zone is refused here too, so that it cannot wait for the first line with a time
    return { date: isoDay(date), instant: null, precision: 'day', warnings };
  }
  const { instants, around } = instantsOf(date, time, zone);
  if (instants.length === 0) warnings.push('hour_in_gap');
  if (instants.length > 1) warnings.push('ambiguous_hour');
  return { date: isoDay(date), instant: new Date(instants[0] ?? around[1]), precision: 'minute', warnings };
}

/**
 * The instants, in milliseconds and in order, at which the zone's clock shows this minute: one, two when it was set back, none in a gap.
 * `around` holds the readings with the offset after and before the nearest change; in a gap they lie on either side of the jump.
 */
function instantsOf(date: Day, time: Time, zone: string): { instants: number[]; around: [number, number] } {
  const wall = asUtc(date, time);
  // No offset reaches a full day, so these two readings lie on either side of any change that could touch this minute.
  const [offsetBefore, offsetAfter] = [offsetAt(wall - 86_400_000, zone), offsetAt(wall + 86_400_000, zone)];
  const around: [number, number] = [wall - offsetAfter, wall - offsetBefore];
  const candidates = new Map([
    [wall - offsetBefore, offsetBefore],
    [wall - offsetAfter, offsetAfter],
  ]);
  const instants = [...candidates].filter(([instant, offset]) => offsetAt(instant, zone) === offset).map(([instant]) => instant);
  return { instants: instants.sort((a, b) => a - b), around };
}

/** Milliseconds by which the zone's clock is ahead of UTC at an instant. */
function offsetAt(instant: number, zone: string): number {
  const wall = wallClock(instant, zone);
  return asUtc(wall, wall) + wall.second * 1000 - Math.floor(instant / 1000) * 1000;
}

function wallClock(instant: number, zone: string): Day & Time & { second: number } {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatterFor(zone).formatToParts(instant)) if (isClockPart(type)) parts[type] = Number(value);
  return parts;
}

function isClockPart(type: string): type is 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' {
  return type === 'year' || type === 'month' || type === 'day' || type === 'hour' || type === 'minute' || type === 'second';
}

// Building a formatter costs about a hundred times what using it does.
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

function dayOf(year: number | undefined, month: number | undefined, day: number | undefined): Day | undefined {
  return year === undefined || month === undefined || day === undefined ? undefined : { year, month, day };
}

function isPlausible(date: Day): boolean {
  return date.year >= FIRST_YEAR && date.year <= LAST_YEAR && isPossible(date);
}

function isPossible({ year, month, day }: Day): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isPossibleTime({ hour, minute }: Time): boolean {
  return hour <= 23 && minute <= 59;
}

function asUtc({ year, month, day }: Day, { hour, minute }: Time): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

function weekdayOf(date: Day): number {
  return new Date(asUtc(date, { hour: 0, minute: 0 })).getUTCDay();
}

function isoDay({ year, month, day }: Day): string {
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function numbersByName(
  languages: readonly (readonly string[])[],
  others: readonly (readonly string[])[],
  first: number,
): ReadonlyMap<string, number> {
  const named = [
    ...languages.flatMap((names) => [...names.entries()]),
    ...others.flatMap((names, index) => names.map((name) => [index, name] as const)),
  ];
  return new Map(named.map(([index, name]) => [fold(name), index + first]));
}
