import { randomBytes } from 'node:crypto';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge } from 'altcha-lib/types';
import type { LightMyRequestResponse } from 'fastify';
import { receiptOf } from '../src/polls/ballot-keys.js';
import { aBallot, aPoll, castAll, closePoll, setPollClock, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Polls as pages, and voting by their plain form. */

const ORIGIN = 'https://center.example';
const COOKIE = '__Host-rv';
const OURS = { origin: ORIGIN, 'sec-fetch-site': 'same-origin' };

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp({ TRUSTED_PROXY_HOPS: '1' });
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}'`);
});
afterAll(() => world.close());

type Answer = LightMyRequestResponse;
type Form = Readonly<Record<string, string | number>>;

const anywhere = (): string => [10, ...randomBytes(3)].join('.');
const open = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET'): Promise<Answer> => world.app.inject({ method, url, headers }); // prettier-ignore
const heading = ({ body }: Answer): string => /<h1[^>]*>([^<]*)<\/h1>/.exec(body)![1]!;
/** Without the frame, which has a form of its own. */
const mainOf = ({ body }: Pick<Answer, 'body'>): string => /<main[^>]*>([^]*)<\/main>/.exec(body)![1]!;
const title = ({ body }: Answer): string => /<title>([^<]*) · /.exec(body)![1]!;
const cookieOf = ({ headers }: Answer): string | undefined => /^__Host-rv=([^;]*)/.exec(String(headers['set-cookie']))?.[1];
const bearing = (cookie: string | undefined): Record<string, string> => (cookie === undefined ? {} : { cookie: `${COOKIE}=${cookie}` });
const nonceOf = (cookie: string): Buffer => Buffer.from(cookie.split('.')[1]!, 'base64url');

/** One sending of a form, without what a browser does next. */
const send = (url: string, form: Form, cookie?: string, headers: Record<string, string> = {}): Promise<Answer> =>
  world.app.inject({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-for': anywhere(),
      ...OURS,
      ...bearing(cookie),
      ...headers,
    },
    payload: new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])).toString(),
  });

/** As a browser does it: keeps the cookie, sends again where it is told to, and then looks at what it is led to. */
async function vote(
  poll: Pick<TestPoll, 'id'>,
  form: Form,
  cookie?: string,
  query = '',
): Promise<{ answer: Answer; cookie: string | undefined }> {
  let kept = cookie;
  let answer = await send(`/polls/${poll.id}/vote${query}`, form, kept);
  kept = cookieOf(answer) ?? kept;
  if (answer.statusCode === 307) answer = await send(String(answer.headers['location']), form, kept);
  if (answer.statusCode === 303) answer = await open(String(answer.headers['location']), bearing(kept));
  return { answer, cookie: kept };
}

const ballots = (poll: Pick<TestPoll, 'id'>): Promise<{ status: string; options: number[] }[]> =>
  world.dataSource.query(
    `select status, array(select option_id from ballot_choices c where c.ballot_id = b.id order by slot) as options from ballots b where poll_id = $1`,
    [poll.id],
  );
/** What stands over the poll: a heading and its text. */
const told = ({ body }: Answer): string[] =>
  [.../<div class="(?:notice|asked)"[^>]* role="\w+"[^>]*>(.*?)<\/div>/.exec(body)![1]!.matchAll(/<(?:h2|p)[^>]*>([^<]*)</g)].map(
    ([, text]) => text!,
  );
const rows = ({ body }: Answer): string[][] =>
  [...body.matchAll(/<tr><th scope="row"[^>]*>([^<]*)<\/th><td>.*?<bdi>([^<]*)<\/bdi>/g)].map(([, label, figures]) => [label!, figures!]);

describe('The pages', () => {
  it('list polls that are open and those that were, and nothing of drafts and of those to come', async () => {
    const running = await aPoll(world, { opensAt: '2026-01-02T10:00:00Z' });
    const over = await aPoll(world, { state: 'closed' });
    const hidden = [await aPoll(world, { state: 'draft' }), await aPoll(world, { opensAt: '2999-01-01T00:00:00Z' }), await aPoll(world, { state: 'archived' })]; // prettier-ignore
    const answer = await open('/polls?utm_source=x&state=draft');
    expect([answer.statusCode, heading(answer)]).toEqual([200, 'الاستطلاعات']);
    const [first, second] = answer.body.split('<h2>أُغلقت</h2>') as [string, string];
    expect(first).toContain(
      `<h2>مفتوحة للتصويت</h2><ul class="polls"><li><h3><a href="/polls/${running.id}"><bdi lang="ar" dir="rtl">ما رأيك؟</bdi></a></h3>`,
    );
    expect(second).toContain(`href="/polls/${over.id}"`);
    for (const { id } of hidden) expect(answer.body).not.toContain(`/polls/${id}"`);
    expect(answer.body).toContain(`<link rel="canonical" href="${ORIGIN}/polls"/>`);
    expect((await open('/polls?lang=en')).body).toContain(
      `<a href="/polls/${running.id}?lang=en"><bdi lang="en" dir="ltr">What do you think?</bdi></a>`,
    );
    expect((await open('/polls?cursor=x')).statusCode).toBe(400);
    for (const { id } of hidden.slice(0, 2))
      for (const path of ['', '/vote']) expect((await open(`/polls/${id}${path}`)).statusCode).toBe(404);
    expect((await open(`/polls/${hidden[2]!.id}`)).statusCode).toBe(200);
    for (const id of ['0', 'x', '01', '999999999', '99999999999']) expect([id, (await open(`/polls/${id}`)).statusCode]).toEqual([id, 404]);
  });

  it('go on to older polls', async () => {
    for (let n = 1; n <= 25; n += 1) {
      const { id } = await aPoll(world, { state: 'closed', opensAt: new Date(Date.UTC(2020, 0, n)).toISOString(), closesAt: '2021-01-01T00:00:00Z' }); // prettier-ignore
      await world.dataSource.query(`update polls set question = $2 where id = $1`, [id, { ar: `قديم ${n}` }]);
    }
    const older = /<a rel="next" href="([^"]*)">أقدم<\/a>/.exec((await open('/polls')).body)![1]!;
    const answer = await open(older);
    expect(answer.body).toContain('قديم 1</bdi>');
    expect(answer.body).not.toContain('مفتوحة للتصويت');
    expect(answer.body).toContain('<a href="/polls">أول القائمة</a>');
  });

  it('of one: question, answers as a form, the note of method, and the results where everybody may see them', async () => {
    const poll = await aPoll(world);
    await castAll(world, [aBallot(poll), aBallot(poll), aBallot(poll, { optionIds: [poll.optionIds[2]!] })]);
    const answer = await open(`/polls/${poll.id}?utm_source=x`);
    expect([answer.statusCode, heading(answer)]).toEqual([200, 'ما رأيك؟']);
    expect(answer.body).toContain(`<link rel="canonical" href="${ORIGIN}/polls/${poll.id}"/>`);
    expect(answer.body).toContain(
      `<form method="post" action="/polls/${poll.id}/vote?lang=ar" class="fields ballot" data-challenge="POST /api/v1/polls/${poll.id}/ballots"`,
    );
    expect(answer.body).toContain('<fieldset><legend>اختر إجابة واحدة</legend>');
    const inputs = [...mainOf(answer).matchAll(/<input ([^>]*)>/g)].map(([, attributes]) => attributes!);
    expect(inputs).toHaveLength(3);
    expect(inputs[0]).toBe(`id="option-${poll.optionIds[0]}" type="radio" name="option" value="${poll.optionIds[0]}" required/`);
    expect(answer.body).toContain(`<label for="option-${poll.optionIds[0]}" lang="ar" dir="rtl">خيار 1</label>`);
    expect(rows(answer)).toEqual([
      ['خيار 1', '66.7% (2)'],
      ['خيار 2', '0% (0)'],
      ['خيار 3', '33.3% (1)'],
    ]);
    expect(answer.body).toContain('<li lang="ar" dir="rtl">الأصوات المحتسبة: 3</li>');
    expect(answer.body).toContain('<p class="quiet method" lang="ar" dir="rtl">هذا استطلاع بين القراء وليس مسحًا إحصائيًّا');
    const english = await open(`/polls/${poll.id}?lang=en`);
    expect([heading(english), rows(english)[0]]).toEqual(['What do you think?', ['Option 1', '66.7% (2)']]);
    expect(english.body).toContain(`action="/polls/${poll.id}/vote?lang=en"`);

    const several = await open(`/polls/${(await aPoll(world, { maxChoices: 2 })).id}`);
    expect(several.body).toContain('<legend>اختر إجابة أو أكثر، 2 على الأكثر</legend>');
    expect(several.body).toMatch(/<input id="option-(\d+)" type="checkbox" name="option-\1" value="on"\/>/);
  });

  it('are kept by caches, look at no cookie and set none', async () => {
    const poll = await aPoll(world, { results: 'after_vote' });
    const { cookie } = await vote(poll, { option: poll.optionIds[0]! });
    const path = `/polls/${poll.id}`;
    const plain = await open(path);
    expect(plain.headers).toMatchObject({ 'cache-control': 'public, max-age=0, must-revalidate', etag: expect.any(String), 'last-modified': expect.any(String) }); // prettier-ignore
    expect(plain.headers['set-cookie']).toBeUndefined();
    const own = await open(path, { ...bearing(cookie), 'accept-language': 'en' });
    expect(own.body).toBe(plain.body);
    expect((await open(path, { 'if-none-match': String(plain.headers['etag']) })).statusCode).toBe(304);
    expect([(await open(path, {}, 'HEAD')).statusCode, (await open('/polls', {}, 'HEAD')).statusCode]).toEqual([200, 200]);
    expect((await open(path, {}, 'POST')).statusCode).toBe(404);
    // With numbers no moment tells when it last changed.
    const numbers = await open(`/polls/${(await aPoll(world)).id}`);
    expect([numbers.headers['last-modified'], typeof numbers.headers['etag']]).toEqual([undefined, 'string']);
  });

  it('show results by the poll’s rule, and say when they will be shown', async () => {
    const said = async (rule: string): Promise<[string, string | undefined]> => {
      const poll = await aPoll(world, { results: rule });
      await castAll(world, [aBallot(poll)]);
      const result = async (): Promise<string> => {
        const answer = await open(`/polls/${poll.id}`);
        return rows(answer).length > 0 ? 'numbers' : /<h2>النتائج<\/h2><p[^>]*>([^<]*)</.exec(answer.body)![1]!;
      };
      const before = await result();
      await closePoll(world, poll);
      return [before, await result()];
    };
    expect(await said('always')).toEqual(['numbers', 'numbers']);
    expect(await said('after_vote')).toEqual(['تظهر النتائج لمن صوّت، وللجميع بعد إغلاق الاستطلاع.', 'numbers']);
    expect(await said('after_close')).toEqual(['تظهر النتائج بعد إغلاق الاستطلاع.', 'numbers']);
    expect(await said('never_public')).toEqual(['لا تُنشر نتائج هذا الاستطلاع.', 'لا تُنشر نتائج هذا الاستطلاع.']);
  });

  it('have no form once a poll is closed, and say which one took its place', async () => {
    const poll = await aPoll(world, { state: 'closed' });
    const other = await aPoll(world);
    await world.dataSource.query(`update polls set supersedes = $1 where id = $2`, [poll.id, other.id]);
    const { body } = await open(`/polls/${poll.id}`);
    expect(mainOf({ body })).not.toContain('<form');
    expect(body).toContain('<bdi lang="ar" dir="rtl">خيار 1</bdi>');
    expect(body).toContain(`<a href="/polls/${other.id}"><bdi dir="ltr">${ORIGIN}/polls/${other.id}</bdi></a>`);
  });

  it('escape what was written into them', async () => {
    const poll = await aPoll(world);
    const hostile = '<script>alert(1)</script>" onload="x';
    await world.dataSource.query(`update polls set question = $2, intro = $2 where id = $1`, [poll.id, { ar: hostile }]);
    await world.dataSource.query(`update poll_options set label = $2 where poll_id = $1`, [poll.id, { ar: hostile }]);
    for (const url of ['/polls', `/polls/${poll.id}`]) {
      const { body } = await open(url);
      expect([url, /<script>|" onload="/.test(body), body.includes('&lt;script>')]).toEqual([url, false, true]);
    }
  });
});

describe('A vote by the form', () => {
  it('gives the browser its ballot and has it send the form again, counts once, and leads to a page with the receipt', async () => {
    const poll = await aPoll(world, { results: 'after_vote' });
    const form = { option: poll.optionIds[1]! };
    const url = `/polls/${poll.id}/vote?lang=ar`;
    const asked = await send(url, form);
    expect([asked.statusCode, asked.headers['location'], asked.headers['cache-control']]).toEqual([
      307,
      `${url}&ballot=given`,
      'private, no-store',
    ]);
    expect(String(asked.headers['set-cookie'])).toMatch(/; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(await ballots(poll)).toEqual([]);
    const cookie = cookieOf(asked)!;
    const cast = await send(`${url}&ballot=given`, form, cookie);
    expect([cast.statusCode, cast.headers['location'], cast.headers['cache-control'], cast.body]).toEqual([
      303,
      url,
      'private, no-store',
      '',
    ]);
    expect(await ballots(poll)).toEqual([{ status: 'counted', options: [poll.optionIds[1]] }]);

    const answer = await open(url, bearing(cookie));
    expect([answer.statusCode, title(answer), told(answer).slice(0, 2)]).toEqual([200, 'حُسب صوتك', ['حُسب صوتك', 'شكرًا لمشاركتك.']]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-robots-tag': 'noindex' });
    expect(answer.body).toContain(`<strong><bdi dir="ltr">${receiptOf(poll.secret, nonceOf(cookie))}</bdi></strong>`);
    expect(rows(answer)).toEqual([['خيار 1', '0% (0)'], ['خيار 2', '100% (1)'], ['خيار 3', '0% (0)']]); // prettier-ignore
    expect(mainOf(answer)).not.toContain('<form');
    expect(answer.headers['set-cookie']).toBeUndefined();
    // Loaded again it is the same, and the poll's own page tells nobody.
    expect((await open(url, bearing(cookie))).body).toBe(answer.body);
    expect((await open(`/polls/${poll.id}`, bearing(cookie))).body).not.toContain(receiptOf(poll.secret, nonceOf(cookie)));
  });

  it('pressed twice is one, also before the first answer has come', async () => {
    const poll = await aPoll(world);
    const form = { option: poll.optionIds[0]! };
    // The browser drops the first answer's way and keeps the last cookie.
    const [, second] = await Promise.all([send(`/polls/${poll.id}/vote`, form), send(`/polls/${poll.id}/vote`, form)]);
    const cookie = cookieOf(second!)!;
    const twice = await Promise.all([vote(poll, form, cookie), vote(poll, form, cookie), vote(poll, form, cookie)]);
    for (const { answer } of twice) expect(title(answer)).toBe('حُسب صوتك');
    expect(await ballots(poll)).toEqual([{ status: 'counted', options: [poll.optionIds[0]] }]);
  });

  it('chooses several where that is allowed', async () => {
    const poll = await aPoll(world, { maxChoices: 2 });
    const [one, two, three] = poll.optionIds as [number, number, number];
    const { answer, cookie } = await vote(poll, { [`option-${one}`]: 'on', [`option-${three}`]: 'on' });
    expect(title(answer)).toBe('حُسب صوتك');
    expect(await ballots(poll)).toEqual([{ status: 'counted', options: [one, three] }]);
    const many = await vote(poll, { [`option-${one}`]: 'on', [`option-${two}`]: 'on', [`option-${three}`]: 'on' });
    expect([many.answer.statusCode, told(many.answer)]).toEqual([422, ['لم يُسجَّل صوت', 'أقصى ما يُختار في هذا الاستطلاع: 2.']]);
    expect([...many.answer.body.matchAll(/value="on" checked\/>/g)]).toHaveLength(3);
    expect(cookie).toBeDefined();
  });

  it('at level 1 waits for review, which the page says before and after', async () => {
    const poll = await aPoll(world, { level: 1 });
    expect((await open(`/polls/${poll.id}`)).body).toContain('من دون JavaScript ينظر فيه أحد المحررين قبل احتسابه');
    const { answer } = await vote(poll, { option: poll.optionIds[0]! }, undefined, '?lang=en');
    expect([title(answer), told(answer)[0]]).toEqual([
      'Your vote has arrived and is under review',
      'Your vote has arrived and is under review',
    ]);
    expect(answer.body).toContain('<li lang="en" dir="ltr">Under review: 1</li>');
    expect(await ballots(poll)).toEqual([{ status: 'under_review', options: [poll.optionIds[0]] }]);
  });

  it('at level 3 asks for an address and consent, and waits for the letter', async () => {
    const poll = await aPoll(world, { level: 3 });
    const page = mainOf(await open(`/polls/${poll.id}`));
    expect(page).toContain('يُحسب الصوت في هذا الاستطلاع بعد تأكيده من رسالة نرسلها إليك.');
    expect([...page.matchAll(/<input id="(email|consent)" name="\1"[^>]* required/g)].map(([, name]) => name)).toEqual([
      'email',
      'consent',
    ]);
    const option = poll.optionIds[1]!;
    const email = `reader-${randomBytes(5).toString('hex')}@readers.example`;
    for (const [form, status, field, detail] of [
      [{ option }, 422, 'email', 'يُؤكَّد الصوت في هذا الاستطلاع بالبريد الإلكتروني. اكتب عنوانك.'],
      [{ option, email: 'x', consent: 'on' }, 400, 'email', 'عنوان بريد كامل، مثل name@center.example، وما قبل علامة @ بحروف لاتينية.'],
      [{ option, email }, 422, 'consent', 'نرسل رسالة التأكيد إذا وافقت على ذلك.'],
      [{ option, email, consent: 'yes' }, 422, 'consent', 'نرسل رسالة التأكيد إذا وافقت على ذلك.'],
    ] as const) {
      const { answer } = await vote(poll, form);
      expect([form, answer.statusCode, told(answer)]).toEqual([form, status, ['لم يُسجَّل صوت', detail]]);
      // What was typed stands there still, and the field that is wrong says so.
      expect(mainOf(answer)).toContain(`value="${option}" required checked/>`);
      const said = (name: string): string => new RegExp(`<input id="${name}"[^>]*>`).exec(mainOf(answer))![0];
      expect(said(field)).toContain('aria-invalid="true"');
      if ('email' in form) expect(said('email')).toContain(`value="${form.email}"`);
    }
    expect(await ballots(poll)).toEqual([]);
    const { answer } = await vote(poll, { option, email, consent: 'on' }, undefined, '?lang=en');
    expect([title(answer), answer.body.includes(email)]).toEqual(['One step is left: open your mail', false]);
    expect(await ballots(poll)).toEqual([{ status: 'awaiting_confirmation', options: [option] }]);
  });

  it('counts as any other where a script has done its work, and is refused where that is wrong', async () => {
    const poll = await aPoll(world, { level: 1 });
    const form = { option: poll.optionIds[0]! };
    const url = `/polls/${poll.id}/vote?ballot=given`;
    const worked = async (): Promise<{ cookie: string; challenge: Challenge }> => {
      const given = await world.app.inject({ method: 'POST', url: `/api/v1/polls/${poll.id}/ballots`, headers: { ...OURS, 'x-forwarded-for': anywhere() }, payload: {} }); // prettier-ignore
      return { cookie: cookieOf(given)!, challenge: given.json<{ work: Challenge }>().work };
    };
    const packed = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64');
    const { cookie, challenge } = await worked();
    const solution = (await solveChallenge({ challenge, deriveKey }))!;
    const other = await worked();
    for (const [work, status] of [
      ['x', 400],
      [packed({}), 400],
      [packed({ challenge, solution: { counter: 0, derivedKey: '00' } }), 422],
      [packed({ challenge: other.challenge, solution }), 422],
    ] as const)
      // prettier-ignore
      expect([work, (await send(url, { ...form, work }, cookie)).statusCode]).toEqual([work, status]);
    expect(await ballots(poll)).toEqual([]);
    const cast = await send(url, { ...form, work: packed({ challenge, solution }) }, cookie);
    expect([cast.statusCode, title(await open(String(cast.headers['location']), bearing(cookie)))]).toEqual([303, 'حُسب صوتك']);
    expect(await ballots(poll)).toEqual([{ status: 'counted', options: [poll.optionIds[0]] }]);
  });

  it('with another choice than before does not change the first', async () => {
    const poll = await aPoll(world);
    const { cookie } = await vote(poll, { option: poll.optionIds[0]! });
    const { answer } = await vote(poll, { option: poll.optionIds[1]! }, cookie);
    expect([answer.statusCode, told(answer)]).toEqual([409, ['لم يُسجَّل صوت', 'صوّتّ في هذا الاستطلاع باختيار آخر، والصوت لا يتغير.']]);
    expect(answer.body).toContain(receiptOf(poll.secret, nonceOf(cookie!)));
    expect(mainOf(answer)).not.toContain('<form');
    expect(answer.headers['cache-control']).toBe('private, no-store');
    expect(await ballots(poll)).toEqual([{ status: 'counted', options: [poll.optionIds[0]] }]);
  });

  it('comes too late when the poll has closed meanwhile; whoever has voted sees that it stands', async () => {
    const poll = await aPoll(world, { closesAt: new Date(Date.now() + 3_600_000).toISOString() });
    const form = { option: poll.optionIds[0]! };
    const { cookie } = await vote(poll, form);
    const late = cookieOf(await send(`/polls/${poll.id}/vote`, form))!;
    await setPollClock(world, new Date(Date.now() + 7_200_000));
    try {
      for (const held of [late, undefined]) {
        const { answer } = await vote(poll, form, held, '?lang=fr');
        expect([answer.statusCode, told(answer)]).toEqual([409, ['Aucun vote n’a été enregistré', 'This poll is closed.']]);
        expect(answer.body).toContain('<p lang="en" dir="ltr">This poll is closed.</p>');
        expect(mainOf(answer)).not.toContain('<form');
      }
      expect(title((await vote(poll, form, cookie)).answer)).toBe('حُسب صوتك');
    } finally {
      await setPollClock(world, null);
    }
    expect(await ballots(poll)).toHaveLength(1);
  });

  it('without an answer, or with one that is none, says so', async () => {
    const poll = await aPoll(world);
    const other = await aPoll(world);
    for (const [form, detail] of [
      [{}, 'اختر إجابة ثم صوّت.'],
      [{ option: '' }, 'اختر إجابة ثم صوّت.'],
      [{ option: 'x' }, 'اختر إجابة ثم صوّت.'],
      [{ option: '1e3', 'option-': 'on', 'option-x': 'on', __proto__: '1' }, 'اختر إجابة ثم صوّت.'],
      [{ option: '99999999999' }, 'اختر إجابة ثم صوّت.'],
      [{ option: other.optionIds[0]! }, 'بين ما اخترته ما ليس من خيارات هذا الاستطلاع.'],
    ] as const) {
      const { answer } = await vote(poll, form);
      expect([form, answer.statusCode, told(answer)]).toEqual([form, 422, ['لم يُسجَّل صوت', detail]]);
      expect(mainOf(answer)).toContain('<form');
    }
    expect(await ballots(poll)).toEqual([]);
  });

  it('needs a browser that keeps cookies, and says so instead of sending it in circles', async () => {
    const poll = await aPoll(world);
    const form = { option: poll.optionIds[0]! };
    for (const cookie of [undefined, 'x', 'AAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.1700000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
      const again = await send(`/polls/${poll.id}/vote?ballot=given`, form, cookie);
      expect([cookie, again.statusCode, told(again)[1]]).toEqual([cookie, 400, 'لم يحفظ متصفحك بطاقة الاقتراع. اسمح لهذا الموقع بملفات الارتباط (cookies) ثم أعد التصويت.']); // prettier-ignore
    }
    expect(await ballots(poll)).toEqual([]);
  });

  it('is taken from this center’s own page alone, and as a form', async () => {
    const poll = await aPoll(world);
    const form = { option: poll.optionIds[0]! };
    const url = `/polls/${poll.id}/vote`;
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ])
      expect((await send(url, form, undefined, headers)).statusCode).toBe(403);
    expect((await send(url, form, undefined, { 'content-type': 'multipart/form-data; boundary=x' })).statusCode).toBe(415);
    expect((await send(url, { option: 1, more: 'x'.repeat(5_000) })).statusCode).toBe(413);
    for (const id of ['x', '0', '999999999', String((await aPoll(world, { state: 'draft' })).id)]) {
      const answer = await send(`/polls/${id}/vote`, form);
      expect([id, answer.statusCode, answer.headers['content-type']]).toEqual([id, 404, 'text/html; charset=utf-8']);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect(await ballots(poll)).toEqual([]);
  });

  it('of which a browser has none leads to the poll', async () => {
    const poll = await aPoll(world);
    const { cookie } = await vote(await aPoll(world), { option: 1 }, undefined);
    for (const held of [undefined, 'x', cookie]) {
      const answer = await open(`/polls/${poll.id}/vote?lang=en`, bearing(held));
      expect([answer.statusCode, answer.headers['location'], answer.headers['cache-control']]).toEqual([
        303,
        `/polls/${poll.id}?lang=en`,
        'private, no-store',
      ]);
    }
  });
});
