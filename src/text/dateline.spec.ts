import fc from 'fast-check';
import { formatDateline, parseDateline, startOfDay } from './dateline.js';
import { LANGS } from './language.js';

const CAIRO = 'Africa/Cairo';
const AFTERNOON = { date: '2023-09-18', instant: new Date('2023-09-18T16:42:00Z'), precision: 'minute', warnings: [] };

function dayOf(line: string): string | null {
  return parseDateline(line, CAIRO)?.date ?? null;
}

function instantOf(line: string, zone = CAIRO): string | null {
  return parseDateline(line, zone)?.instant?.toISOString() ?? null;
}

describe('reading a dateline', () => {
  it.each([
    'الإثنين 18/سبتمبر/2023 - 07:42 م',
    'الاثنين 18/سبتمبر/2023 - 07:42 م',
    'الأثنين، 18 سبتمبر 2023، 7:42 مساءً',
    'إثنين 18-سبتمبر-2023 07:42م',
    'يوم الإثنين ١٨/سبتمبر/٢٠٢٣ - ٠٧:٤٢ م',
    'الإثنين ۱۸/سبتمبر/۲۰۲۳ - ۰۷:۴۲ م',
    '\u200Fالإثنين\u00A018/سبتمبر/2023 - 07:42 م\u200F',
    'الإثنين 18/سبتمبر/2023 - 07:42 م'.normalize('NFD'),
    '18 أيلول/سبتمبر 2023 19:42',
    '18 سبتمبر (أيلول) 2023 م - الساعة 19:42:30',
    '18 أيلول 2023 في الساعة 7:42 مساء',
    '18 شتنبر 2023 19:42',
    '18/9/2023 19:42',
    '18-09-2023, 19:42 م',
    '18.09.2023 19.42',
    '2023/9/18 07:42 مساءا',
    'Monday 18 September 2023 - 07:42 PM',
    'Mon., Sept. 18, 2023 at 7:42 p.m.',
    'MONDAY, 18th of September 2023, 19:42',
    'lundi 18 septembre 2023 - 19:42',
    'Lundi 18 septembre 2023 à 19h42',
    '2023-09-18 19:42',
    '2023-09-18T19:42:59',
    '2023-09-18T16:42Z',
    '2023-09-18T16:42:07.250+00:00',
    '2023-09-18T13:42-0300',
  ])('«%s» is the afternoon of 18 September 2023 in Cairo', (line) => {
    expect(parseDateline(line, CAIRO)).toEqual(AFTERNOON);
  });

  it('knows the twelve months in every family of names', () => {
    const families = [
      'يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر',
      'يناير فبراير مارس إبريل مايو يونيه يوليه اغسطس سبتمبر اكتوبر نوفمبر ديسمبر',
      'كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول',
      'يناير فبراير مارس أبريل ماي يونيو يوليوز غشت شتنبر أكتوبر نونبر دجنبر',
      'جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر',
      'January February March April May June July August September October November December',
      'jan feb mar apr may jun jul aug sep oct nov dec',
      'janvier février mars avril mai juin juillet août septembre octobre novembre décembre',
      '01 02 03 04 05 06 07 08 09 10 11 12',
    ];
    const twelve = Array.from({ length: 12 }, (_, index) => `2023-${String(index + 1).padStart(2, '0')}-07`);
    for (const family of families) {
      expect(family.split(' ').map((month) => dayOf(`7 ${month.replace('_', ' ')} 2023`))).toEqual(twelve);
    }
    expect(dayOf('7 كانون الثاني/يناير 2023')).toBe('2023-01-07');
    expect(dayOf('7 تشرين الثاني - نوفمبر 2023')).toBe('2023-11-07');
    expect(dayOf('1er octobre 2023')).toBe('2023-10-01');
  });

  it('knows the days of the week in three languages', () => {
    const weeks = [
      'الأحد الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت',
      'الاحد الاثنين الثلاثا الاربعاء الخميس الجمعه السبت',
      'Sunday Monday Tuesday Wednesday Thursday Friday Saturday',
      'dimanche lundi mardi mercredi jeudi vendredi samedi',
    ];
    for (const week of weeks) {
      const lines = week.split(' ').map((weekday, index) => `${weekday} ${index + 1}/10/2023`);
      expect(lines.map((line) => parseDateline(line, CAIRO)?.warnings)).toEqual(lines.map(() => []));
    }
  });

  it.each([
    ['18/9/2023 12:10 ص', '00:10'],
    ['18/9/2023 12:10 م', '12:10'],
    ['18/9/2023 12:10 صباحاً', '00:10'],
    ['18/9/2023 1:05 صباحا', '01:05'],
    ['18/9/2023 11:59 PM', '23:59'],
    ['18/9/2023 12:00 a.m.', '00:00'],
    ['18/9/2023 6 مساءً', '18:00'],
    ['18/9/2023 18h', '18:00'],
    ['18/9/2023 00:30', '00:30'],
  ])('«%s» shows %s on the clock', (line, clock) => {
    expect(instantOf(line, 'UTC')).toBe(`2023-09-18T${clock}:00.000Z`);
  });

  it('believes the date when the weekday is another one, and says so', () => {
    expect(parseDateline('الأحد 18/سبتمبر/2023 - 07:42 م', CAIRO)).toEqual({ ...AFTERNOON, warnings: ['weekday_mismatch'] });
  });

  it('names no instant when the line gives no time', () => {
    const day = { date: '2023-04-28', instant: null, precision: 'day', warnings: [] };
    expect(['28 أبريل 2023', 'الجمعة 28/4/2023 م', '2023-04-28'].map((line) => parseDateline(line, CAIRO))).toEqual([day, day, day]);
  });

  it('gives the day in the zone when the line carries its own offset', () => {
    expect(parseDateline('2023-09-18T23:30:00Z', CAIRO)).toEqual({
      date: '2023-09-19',
      instant: new Date('2023-09-18T23:30:00Z'),
      precision: 'minute',
      warnings: [],
    });
  });

  it.each([
    '29 فبراير 2023',
    '31/4/2023',
    '2023-02-29',
    '0/5/2023',
    '09/18/2023',
    '18/9/23',
    '10/3/1445',
    '18 سبتمبر',
    'الإثنين',
    'سبتمبر 2023',
    '18 أيلول/أيار 2023',
    '18 سبتمبر 2023 -',
    '18 سبتمبر 2023 7',
    '18/9/2023 24:00',
    '18/9/2023 18:60',
    '18/9/2023 13:10 ص',
    '18/9/2023 00:10 م',
    '18/9/2023 06:5 م',
    '18/9/2023 19:42 GMT',
    '2023-09-18T19:42+15:00',
    '2023-09-18T18:61',
    '18 /-/ سبتمبر 2023',
    'زيارة الوفد في 18 سبتمبر 2023',
    '18 سبتمبر 2023 زيارة الوفد',
    'ثورة 25 يناير',
    'في الختام:',
    '',
    `18/9/2023${' '.repeat(120)}`,
  ])('«%s» is no dateline', (line) => {
    expect(parseDateline(line, CAIRO)).toBeNull();
  });

  it('refuses an unknown zone also when the line has no time', () => {
    expect(() => parseDateline('18/9/2023', 'Africa/Nowhere')).toThrow(RangeError);
  });

  it('gives a value or null for any line, and null for every long one', () => {
    const pieces = fc.constantFrom(
      '18',
      '9',
      '2023',
      'سبتمبر',
      'أيلول',
      'الإثنين',
      '/',
      '-',
      '،',
      ' ',
      ':',
      'م',
      'ص',
      'PM',
      'T',
      '+',
      '(',
      ')',
      '06',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (line) => {
          const parsed = parseDateline(line, CAIRO);
          if (parsed !== null) expect(parsed.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
          if (line.length > 120) expect(parsed).toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the clock of Cairo', () => {
  it.each([
    ['1 July 2010 12:00', '2010-07-01T09:00:00.000Z'],
    ['15 August 2010 12:00', '2010-08-15T10:00:00.000Z'],
    ['15 September 2010 12:00', '2010-09-15T09:00:00.000Z'],
    ['20 May 2014 12:00', '2014-05-20T09:00:00.000Z'],
    ['1 July 2014 12:00', '2014-07-01T10:00:00.000Z'],
    ['10 August 2014 12:00', '2014-08-10T09:00:00.000Z'],
    ...Array.from({ length: 8 }, (_, index) => [`1 July ${2015 + index} 12:00`, `${2015 + index}-07-01T10:00:00.000Z`]),
    ['27 April 2023 23:59', '2023-04-27T21:59:00.000Z'],
    ['28 April 2023 01:00', '2023-04-27T22:00:00.000Z'],
    ['1 July 2023 12:00', '2023-07-01T09:00:00.000Z'],
    ['27 October 2023 00:00', '2023-10-26T22:00:00.000Z'],
    ['25 April 2024 12:00', '2024-04-25T10:00:00.000Z'],
    ['26 April 2024 12:00', '2024-04-26T09:00:00.000Z'],
    ['31 October 2024 12:00', '2024-10-31T09:00:00.000Z'],
    ['1 November 2024 12:00', '2024-11-01T10:00:00.000Z'],
  ])('%s is %s', (line, instant) => {
    expect(instantOf(line)).toBe(instant);
  });

  it('moves an hour that never was forward by the gap', () => {
    const warned = { date: '2023-04-28', precision: 'minute', warnings: ['hour_in_gap'] };
    expect(parseDateline('28/4/2023 00:00', CAIRO)).toEqual({ ...warned, instant: new Date('2023-04-27T22:00:00Z') });
    expect(parseDateline('28/4/2023 00:59', CAIRO)).toEqual({ ...warned, instant: new Date('2023-04-27T22:59:00Z') });
  });

  it('takes the first of two equal hours', () => {
    expect(parseDateline('26/10/2023 23:30', CAIRO)).toEqual({
      date: '2023-10-26',
      instant: new Date('2023-10-26T20:30:00Z'),
      precision: 'minute',
      warnings: ['ambiguous_hour'],
    });
    expect(parseDateline('26/10/2023 22:59', CAIRO)?.warnings).toEqual([]);
  });
});

describe('the start of a day', () => {
  it.each([
    ['2023-04-27', CAIRO, '2023-04-26T22:00:00.000Z'],
    ['2023-04-28', CAIRO, '2023-04-27T22:00:00.000Z'],
    ['2023-10-26', CAIRO, '2023-10-25T21:00:00.000Z'],
    ['2023-10-27', CAIRO, '2023-10-26T22:00:00.000Z'],
    ['2023-01-01', 'UTC', '2023-01-01T00:00:00.000Z'],
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    // Toronto once changed at half past eleven at night, so that the next day began at half past midnight.
    ['1919-03-31', 'America/Toronto', '1919-03-31T04:30:00.000Z'],
  ])('%s in %s is %s', (date, zone, instant) => {
    expect(startOfDay(date, zone).toISOString()).toBe(instant);
  });

  it.each(['2023-02-29', '2023-1-1', '', 'yesterday'])('refuses %j', (date) => {
    expect(() => startOfDay(date, CAIRO)).toThrow(RangeError);
  });

  it('refuses an unknown zone', () => {
    expect(() => startOfDay('2023-01-01', 'Africa/Nowhere')).toThrow(RangeError);
  });

  it('is the first instant whose date in the zone is that day', () => {
    const days = fc.integer({ min: 0, max: 50 * 365 }).map((offset) => new Date(Date.UTC(1990, 0, 1 + offset)).toISOString().slice(0, 10));
    fc.assert(
      fc.property(days, fc.constantFrom(CAIRO, 'Asia/Beirut', 'Africa/Casablanca', 'America/Havana'), (day, zone) => {
        const dateIn = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
        const start = startOfDay(day, zone);
        expect(dateIn.format(start)).toBe(day);
        expect(dateIn.format(start.getTime() - 1) < day).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('writing a dateline', () => {
  it('has the house form of each language', () => {
    expect(LANGS.map((lang) => formatDateline(new Date('2023-09-18T16:42:42Z'), lang, CAIRO))).toEqual([
      'الإثنين 18/سبتمبر/2023 - 07:42 م',
      'Monday 18 September 2023 - 07:42 PM',
      'lundi 18 septembre 2023 - 19:42',
    ]);
    expect(LANGS.map((lang) => formatDateline(new Date('2024-01-04T22:05:00Z'), lang, CAIRO))).toEqual([
      'الجمعة 5/يناير/2024 - 12:05 ص',
      'Friday 5 January 2024 - 12:05 AM',
      'vendredi 5 janvier 2024 - 00:05',
    ]);
    expect(formatDateline(new Date('2024-01-04T10:05:00Z'), 'ar', CAIRO)).toBe('الخميس 4/يناير/2024 - 12:05 م');
  });

  it('refuses an invalid date', () => {
    expect(() => formatDateline(new Date(Number.NaN), 'ar', CAIRO)).toThrow(RangeError);
  });

  it('is read back to the same minute', () => {
    const minutes = fc.integer({ min: Date.UTC(1990, 0, 1) / 60_000, max: Date.UTC(2041, 0, 1) / 60_000 - 1 });
    fc.assert(
      fc.property(minutes, fc.constantFrom(...LANGS), (minute, lang) => {
        const instant = new Date(minute * 60_000);
        const parsed = parseDateline(formatDateline(instant, lang, CAIRO), CAIRO);
        fc.pre(!parsed?.warnings.includes('ambiguous_hour'));
        expect([parsed?.instant, parsed?.warnings]).toEqual([instant, []]);
      }),
      { numRuns: 3000 },
    );
  });
});
