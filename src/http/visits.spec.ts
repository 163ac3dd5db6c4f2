import { RELOAD_MS, RecentVisits, isReader, type Visitor } from './visits.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const by = (ip: string, agent = FIREFOX): Visitor => ({ method: 'GET', ip, headers: { 'user-agent': agent } });

describe('a visit', () => {
  it.each<[string, Visitor['headers'], boolean]>([
    ['a browser', { 'user-agent': FIREFOX }, true],
    ['a telephone', { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1' }, true], // prettier-ignore
    ['a search engine', { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }, false],
    ['a program', { 'user-agent': 'curl/8.14.1' }, false],
    ['a browser without anybody before it', { 'user-agent': `${FIREFOX} HeadlessChrome/140.0.0.0` }, false],
    ['whoever says nothing', {}, false],
    ['a browser that fetches ahead', { 'user-agent': FIREFOX, 'sec-purpose': 'prefetch;prerender' }, false],
    ['an older one that does', { 'user-agent': FIREFOX, purpose: 'prefetch' }, false],
  ])('by %s is a reader’s, or none', (_, headers, expected) => {
    expect(isReader({ method: 'GET', ip: '198.51.100.7', headers })).toBe(expected);
  });
});

it('that asks for the headers alone is no reader’s', () => {
  expect(isReader({ ...by('198.51.100.7'), method: 'HEAD' })).toBe(false);
});

describe('recent visits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('count one visitor once in 30 minutes, whichever address of the network', () => {
    const visits = new RecentVisits();
    expect(visits.isFirst('ad 1', by('198.51.100.7'))).toBe(true);
    expect(visits.isFirst('ad 1', by('198.51.100.7'))).toBe(false);
    expect(visits.isFirst('ad 1', by('2001:db8:1:2:3::4'))).toBe(true);
    expect(visits.isFirst('ad 1', by('2001:db8:1:2:5::6'))).toBe(false);
    vi.advanceTimersByTime(RELOAD_MS - 1_000);
    // A reload does not begin the 30 minutes anew.
    expect(visits.isFirst('ad 1', by('198.51.100.7'))).toBe(false);
    vi.advanceTimersByTime(1_001);
    expect(visits.isFirst('ad 1', by('198.51.100.7'))).toBe(true);
  });

  it('tell things, networks and browsers apart', () => {
    const visits = new RecentVisits();
    expect(visits.isFirst('ad 1', by('198.51.100.7'))).toBe(true);
    expect(visits.isFirst('ad 2', by('198.51.100.7'))).toBe(true);
    expect(visits.isFirst('ad 1', by('198.51.100.8'))).toBe(true);
    expect(visits.isFirst('ad 1', by('198.51.100.7', `${FIREFOX} (another)`))).toBe(true);
  });

  it('forget the oldest of more than 100,000, and hold no address', () => {
    const visits = new RecentVisits();
    for (let n = 0; n <= 100_000; n += 1) visits.isFirst(`thing ${n}`, by('198.51.100.7'));
    expect(visits.isFirst('thing 100000', by('198.51.100.7'))).toBe(false);
    expect(visits.isFirst('thing 0', by('198.51.100.7'))).toBe(true);
    const { until } = visits as unknown as { until: ReadonlyMap<string, number> };
    expect(until.size).toBe(100_000);
    expect([...until.keys()].every((hash) => /^[\w-]{22}$/.test(hash))).toBe(true);
  });
});
