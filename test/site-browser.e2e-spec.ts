import { randomBytes } from 'node:crypto';
import axe from 'axe-core';
import { formatterFactory, HtmlValidate } from 'html-validate';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { CHROMIUM, fillCenter, startBrowserWorld, visit, type BrowserWorld, type FilledCenter } from './browser.js';

/** The reader's pages in a real browser. */

// A busy machine takes its time, and how long it takes is not what is tested.
vi.setConfig({ testTimeout: 120_000 });

const NARROW = { viewport: { width: 360, height: 740 } } as const;
const WIDE = { viewport: { width: 1280, height: 900 } } as const;
const WITHOUT_SCRIPTS = { ...WIDE, javaScriptEnabled: false } as const;

describe.skipIf(CHROMIUM === undefined)('In a browser', () => {
  let world: BrowserWorld;
  let center: FilledCenter;
  beforeAll(async () => {
    world = await startBrowserWorld();
    center = await fillCenter(world);
  });
  afterAll(() => world.close());

  const read = <Result>(options: BrowserContextOptions, act: (page: Page) => Promise<Result>): Promise<Result> =>
    visit(world, options, act);
  const pathOf = (name: string): string => center.pages[name]!.path;

  /** What axe-core finds wrong with the page as it stands. @param rules all, unless some are named */
  async function barriers(page: Page, ...rules: string[]): Promise<string[]> {
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate(
      (runOnly) =>
        (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'], ...(runOnly.length > 0 && { runOnly }) }),
      rules,
    );
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
  }

  /** The page is marked, and the mark is there as long as nothing has loaded another. */
  const mark = (page: Page): Promise<void> => page.evaluate(() => document.documentElement.setAttribute('data-marked', ''));
  const isMarked = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.hasAttribute('data-marked'));

  describe('every page', () => {
    it.each([360, 1280])(
      'is open to everybody by day and by night, has no need to be drawn aside, and asks no other host: %d px',
      async (width) => {
        await read({ viewport: { width, height: 800 } }, async (page) => {
          for (const [name, { path, status = 200 }] of Object.entries(center.pages)) {
            await page.emulateMedia({ colorScheme: 'light' });
            const answer = await page.goto(path);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            expect([name, answer!.status(), overflow, await barriers(page)]).toEqual([name, status, 0, []]);
            // The colours are others, and nothing else is.
            await page.emulateMedia({ colorScheme: 'dark' });
            expect([name, await barriers(page, 'color-contrast', 'link-in-text-block')]).toEqual([name, []]);
          }
        });
      },
    );

    it('is valid HTML in every language', async () => {
      const validator = new HtmlValidate({
        extends: ['html-validate:recommended'],
        // How the renderers write is theirs to choose.
        rules: { 'void-style': 'off', 'doctype-style': 'off', 'no-trailing-whitespace': 'off', 'attribute-boolean-style': 'off', 'long-title': 'off', 'no-raw-characters': 'off' }, // prettier-ignore
      });
      for (const [name, { path }] of Object.entries(center.pages))
        for (const lang of ['ar', 'en', 'fr']) {
          const url = new URL(path, world.origin);
          url.searchParams.set('lang', lang);
          const report = await validator.validateString(await (await fetch(url)).text());
          expect([name, lang, formatterFactory('text')(report.results)]).toEqual([name, lang, '']);
        }
    });

    it('moves nothing once it is shown, whether its letters are here already or come late', async () => {
      for (const options of [NARROW, WIDE])
        for (const name of ['home', 'article', 'poll open'])
          await read(options, async (page) => {
            await page.addInitScript(() => {
              const shifts: number[] = [];
              Object.assign(globalThis, { shifts });
              new PerformanceObserver((list) => shifts.push(...list.getEntries().map((entry) => (entry as unknown as { value: number }).value))).observe({ type: 'layout-shift', buffered: true }); // prettier-ignore
            });
            for (const _ of ['from the network', 'from the cache']) {
              await page.goto(pathOf(name));
              await page.evaluate(() => document.fonts.ready);
              await page.mouse.wheel(0, 3_000);
              await page.waitForTimeout(200);
              expect([name, await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts)]).toEqual([name, []]);
            }
          });
    });
  });

  it('the front page bears a picture that is tall, and leaves no hole below a first block that is short', async () => {
    await read(WIDE, async (page) => {
      await page.goto(pathOf('home'));
      const tall = await page.evaluate(() => {
        document.querySelectorAll('.block:first-of-type li:nth-child(n + 4)').forEach((card) => card.remove());
        const image = document.querySelector<HTMLElement>('.lead .cover img')!;
        image.setAttribute('height', String(3 * Number(image.getAttribute('width'))));
        image.style.aspectRatio = '1 / 3';
        return image.offsetHeight / image.offsetWidth;
      });
      expect(tall).toBeLessThan(1);
      const blocks = await Promise.all((await page.locator('.block').all()).slice(0, 4).map((block) => block.boundingBox()));
      expect(new Set(blocks.slice(1).map((box) => box!.y)).size).toBe(1);
      expect(blocks[3]!.x).toBe(blocks[0]!.x);
    });
  });

  it('an article is 60 KB at most beside its pictures, waits for one stylesheet, and is read over a slow line', async () => {
    await read(NARROW, async (page) => {
      const network = await page.context().newCDPSession(page);
      await network.send('Network.enable');
      // What 3G gives, and a phone.
      await network.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 }); // prettier-ignore
      await network.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      const types = new Map<string, string>();
      const bytes: Record<string, number> = {};
      network.on('Network.responseReceived', ({ requestId, type }) => types.set(requestId, type));
      network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
        const type = types.get(requestId)!;
        bytes[type] = (bytes[type] ?? 0) + encodedDataLength;
      });
      await page.goto(pathOf('article'), { waitUntil: 'networkidle' });
      const timed = await page.evaluate(() => {
        const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
        return {
          painted: Math.round(performance.getEntriesByName('first-contentful-paint')[0]!.startTime),
          whole: Math.round(navigation!.domContentLoadedEventEnd),
        };
      });
      const blocking = await page.evaluate(() =>
        (performance.getEntriesByType('resource') as (PerformanceResourceTiming & { renderBlockingStatus: string })[])
          .filter(({ renderBlockingStatus }) => renderBlockingStatus === 'blocking')
          .map(({ name }) => name.split('.').at(-1)),
      );
      const { Image: pictures = 0, ...rest } = bytes;
      console.log(`at 400 ms and 400 kbit/s: first painted after ${timed.painted} ms, all text there after ${timed.whole} ms; bytes: ${JSON.stringify({ ...rest, pictures })}`); // prettier-ignore
      expect(blocking).toEqual(['css']);
      expect(await page.locator('link[rel=stylesheet], style').count()).toBe(1);
      expect(Object.values(rest).reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(60_000);
    });
  });

  describe('by keyboard alone', () => {
    /** Goes on to the next thing that takes the keyboard. @returns what it is, in words; it has to show that it is meant */
    async function next(page: Page): Promise<string> {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLInputElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        const { top, bottom } = element.getBoundingClientRect();
        const shown = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && top < innerHeight && bottom > 0;
        const name = element.name || element.textContent.trim() || element.tagName;
        return { name: element === document.body ? 'end' : name, shown };
      });
      expect([focused.name, focused.shown]).toEqual([focused.name, focused.name !== 'end']);
      return focused.name;
    }
    async function goTo(page: Page, wanted: string): Promise<void> {
      const passed: string[] = [];
      while (passed.at(-1) !== wanted && passed.length < 100) passed.push(await next(page));
      expect(passed).toContain(wanted);
    }

    it('an article can be read from end to end, and its frame skipped', async () => {
      await read(WIDE, async (page) => {
        await page.goto(pathOf('article'));
        expect(await next(page)).toBe('إلى المحتوى');
        await page.keyboard.press('Enter');
        expect(await page.evaluate(() => document.activeElement!.id)).toBe('main');
        expect(await next(page)).toBe('المعرفة والتراث');
        await goTo(page, 'ما تقوله الأرقام');
        await page.keyboard.press('Enter');
        expect(new URL(page.url()).hash).not.toBe('');
        await goTo(page, 'أرسلها إلى صديق بالبريد');
        await goTo(page, 'end');
      });
    });

    it('a vote is cast', async () => {
      await read(WIDE, async (page) => {
        await page.goto(pathOf('poll open'));
        await goTo(page, 'option');
        await page.keyboard.press('ArrowDown');
        await goTo(page, 'صوّت');
        await page.keyboard.press('Enter');
        await page.getByRole('status').getByText('حُسب صوتك').waitFor();
      });
    });

    it('a piece is sent to a friend', async () => {
      await read(WIDE, async (page) => {
        await page.goto(pathOf('form to send'));
        for (const [field, value] of [
          ['recipient1', `friend-${randomBytes(5).toString('hex')}@readers.example`],
          ['senderName', 'سلمى'],
          ['senderEmail', `sender-${randomBytes(5).toString('hex')}@readers.example`],
        ] as const) {
          await goTo(page, field);
          await page.keyboard.type(value);
        }
        await goTo(page, 'متابعة');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'افتح بريدك' }).waitFor();
      });
    });

    it('a search is made, in the frame and on its page', async () => {
      await read(NARROW, async (page) => {
        await page.goto('/');
        await goTo(page, 'q');
        await page.keyboard.type('المدينة');
        await page.keyboard.press('Enter');
        await page.getByText('النتائج:').waitFor();
        await goTo(page, 'q');
        await page.keyboard.press('Control+A');
        await page.keyboard.type('زقزقةخيال');
        await page.keyboard.press('Enter');
        await page.getByText('لا توجد مادة فيها ما كتبته').waitFor();
      });
    });
  });

  describe.each([
    ['with scripts', WIDE],
    ['without scripts', WITHOUT_SCRIPTS],
  ] as const)('%s', (_, options) => {
    it('one reads from the front page on', async () => {
      await read(options, async (page) => {
        await page.goto('/');
        await page.locator('.lead h2 a').click();
        await page.waitForURL(/\/articles\//);
        expect(await page.locator('h1').textContent()).toBe(await page.title().then((title) => title.split(' · ')[0]));
        expect(await page.locator('.text blockquote').isVisible()).toBe(true);
      });
    });

    it('one votes, is told so, and has a receipt', async () => {
      await read(options, async (page) => {
        await page.goto(pathOf('poll open'));
        await page.locator('.choice').first().locator('label').click();
        await page.getByRole('button', { name: 'صوّت' }).click();
        await page.getByRole('status').getByText('حُسب صوتك').waitFor();
        expect(await page.getByRole('status').locator('strong').textContent()).toMatch(/\w{8}/);
        expect(await page.locator('.results tbody tr').count()).toBe(3);
        if (options === WIDE) expect(await barriers(page)).toEqual([]);
      });
    });

    it('one shares a piece, and confirms it from the letter; what is wrong stands at its field', async () => {
      const [sender, friend] = ['sender', 'friend'].map((who) => `${who}-${randomBytes(5).toString('hex')}@readers.example`);
      await read(options, async (page) => {
        await page.goto(pathOf('form to send'));
        await page.getByLabel('اسمك').fill('سلمى');
        await page.getByLabel('بريد صديقك').fill(friend!);
        // What the browser takes and we do not.
        await page.getByLabel('بريدك الإلكتروني').fill('salma@nowhere');
        await page.getByRole('button', { name: 'متابعة' }).click();
        await page.getByRole('alert').waitFor();
        expect(await page.locator('[aria-invalid]').getAttribute('name')).toBe('senderEmail');
        if (options === WIDE) expect(await barriers(page)).toEqual([]);
        await page.getByLabel('بريدك الإلكتروني').fill(sender!);
        await page.getByRole('button', { name: 'متابعة' }).click();
        await page.getByRole('heading', { name: 'افتح بريدك' }).waitFor();
        const [letter] = await world.letters();
        await page.goto(/http:\S+\/shares\/confirm\/\S+/.exec(letter!)![0]);
        if (options === WIDE) expect(await barriers(page)).toEqual([]);
        await page.locator('main button').click();
        await page.getByRole('heading', { level: 1 }).waitFor();
        expect((await world.letters()).join()).toContain('سلمى');
      });
    });

    it('one searches, and narrows what was found', async () => {
      await read(options, async (page) => {
        await page.goto('/');
        await page.locator('.site-search input').fill('المدينة');
        await page.locator('.site-search button').click();
        await page.getByText('النتائج:').waitFor();
        const all = await page.locator('.card').count();
        await page.locator('.facets section').first().getByRole('link').first().click();
        await page.getByText('أزل القيد:').waitFor();
        expect(await page.locator('.card').count()).toBeLessThan(all);
      });
    });
  });

  describe('a form whose work a script does', () => {
    const vote = (page: Page): ReturnType<Page['click']> => page.getByRole('button', { name: 'صوّت' }).click();
    const ballots = async (level: 0 | 1 | 3): Promise<number> =>
      (await world.dataSource.query<[{ n: number }]>(`select count(*)::int as n from ballots where poll_id = $1`, [center.polls[level].id]))[0].n; // prettier-ignore

    it('counts at level 1 at once, is one vote however often it is pressed, and leads back to the poll', async () => {
      const before = await ballots(1);
      await read(NARROW, async (page) => {
        await page.goto(pathOf('poll of level 1'));
        await mark(page);
        await page.locator('.choice label').first().click();
        await page.getByRole('button', { name: 'صوّت' }).dblclick();
        await page.getByRole('status').getByText('حُسب صوتك').waitFor();
        expect([await isMarked(page), new URL(page.url()).pathname, await page.title()]).toEqual([true, `${pathOf('poll of level 1')}/vote`, expect.stringMatching(/^حُسب صوتك · /)]); // prettier-ignore
        // Who hears the page is told: the focus is there.
        expect(await page.evaluate(() => document.activeElement!.textContent)).toContain('حُسب صوتك');
        expect(await barriers(page)).toEqual([]);
        expect(await ballots(1)).toBe(before + 1);
        await page.goBack();
        await page.getByRole('button', { name: 'صوّت' }).waitFor();
        // Another choice does not change the first.
        await page.locator('.choice label').last().click();
        await vote(page);
        await page.getByRole('alert').getByText('والصوت لا يتغير').waitFor();
        expect(await barriers(page)).toEqual([]);
      });
      expect(await ballots(1)).toBe(before + 1);
    });

    it('waits at level 3 for its letter, and counts from there', async () => {
      const email = `reader-${randomBytes(5).toString('hex')}@readers.example`;
      await read(WIDE, async (page) => {
        await page.goto(pathOf('poll of level 3'));
        await mark(page);
        await page.locator('.choice label').first().click();
        await page.getByLabel('بريدك الإلكتروني').fill(email);
        await page.getByLabel('أوافق').check();
        await vote(page);
        await page.getByRole('status').getByText('افتح بريدك').waitFor();
        expect(await isMarked(page)).toBe(true);
        const [letter] = await world.letters();
        await page.goto(/http:\S+\/polls\/confirm\/\S+/.exec(letter!)![0]);
        await page.locator('main button').click();
        await page.getByRole('heading', { name: 'حُسب صوتك' }).waitFor();
      });
    });

    it('keeps what was filled in where nobody answers, and goes again', async () => {
      await read(WIDE, async (page) => {
        await page.goto(pathOf('poll open'));
        await page.locator('.choice label').nth(1).click();
        await page.route('**/ballots', (route) => route.abort('aborted'));
        await vote(page);
        await page.getByText('تعذر الوصول إلى الموقع').waitFor();
        expect(await page.locator('.choice input').nth(1).isChecked()).toBe(true);
        await page.unroute('**/ballots');
        await vote(page);
        await page.getByRole('status').getByText('حُسب صوتك').waitFor();
      });
    });

    it('goes without its work where the browser can do none', async () => {
      await read(WIDE, async (page) => {
        await page.addInitScript(() => Object.defineProperty(globalThis, 'Worker', { value: undefined }));
        await page.goto(pathOf('poll of level 1'));
        await page.locator('.choice label').first().click();
        await vote(page);
        await page.getByRole('status').getByText('قيد المراجعة').waitFor();
      });
    });

    it('shares a piece without loading another page, and says at the field what is wrong', async () => {
      await read(WIDE, async (page) => {
        await page.goto(pathOf('form to send'));
        await mark(page);
        await page.getByLabel('اسمك').fill('سلمى');
        await page.getByLabel('بريد صديقك').fill(`friend-${randomBytes(5).toString('hex')}@readers.example`);
        await page.getByLabel('بريدك الإلكتروني').fill('salma@nowhere');
        await page.getByRole('button', { name: 'متابعة' }).click();
        await page.getByRole('alert').waitFor();
        expect(await page.locator('[aria-invalid]').getAttribute('name')).toBe('senderEmail');
        await page.getByLabel('بريدك الإلكتروني').fill(`sender-${randomBytes(5).toString('hex')}@readers.example`);
        await page.getByRole('button', { name: 'متابعة' }).click();
        await page.getByRole('heading', { name: 'افتح بريدك' }).waitFor();
        expect(await isMarked(page)).toBe(true);
      });
    });
  });

  describe('search', () => {
    it('brings its results without a new page, tells them to whoever does not see, and goes back', async () => {
      await read(WIDE, async (page) => {
        await page.goto(`${pathOf('search')}`);
        await mark(page);
        const field = page.locator('#q');
        const status = page.getByRole('status');
        await field.fill('المدينة');
        await field.press('Enter');
        await status.getByText('النتائج:').waitFor();
        expect(await page.evaluate(() => document.activeElement!.className)).toBe('found');
        expect([await page.title(), new URL(page.url()).searchParams.get('q')]).toEqual([expect.stringContaining('المدينة'), 'المدينة']);
        expect(await page.locator('.languages a').first().getAttribute('href')).toContain(new URLSearchParams({ q: 'المدينة' }).toString());
        const all = await page.locator('.card').count();
        await page.locator('.facets section').first().getByRole('link').first().click();
        await page.getByText('أزل القيد:').waitFor();
        const narrowed = await page.locator('.card').count();
        expect(narrowed).toBeLessThan(all);
        await field.fill('زقزقةخيال');
        await page.locator('main button').click();
        await status.getByText('لا توجد مادة').waitFor();
        expect(await barriers(page)).toEqual([]);

        await page.goBack();
        await page.getByText('أزل القيد:').waitFor();
        expect([await field.inputValue(), await page.locator('.card').count()]).toEqual(['المدينة', narrowed]);
        await page.goBack();
        await page.getByText('أزل القيد:').waitFor({ state: 'detached' });
        expect(await page.locator('.card').count()).toBe(all);
        await page.goBack();
        await status.waitFor({ state: 'detached' });
        expect([await field.inputValue(), await isMarked(page)]).toEqual(['', true]);
        await page.goForward();
        await status.getByText('النتائج:').waitFor();
        expect(await isMarked(page)).toBe(true);
      });
    });

    it('goes to the page itself where another language is chosen, or where it cannot be brought', async () => {
      await read(WIDE, async (page) => {
        await page.goto('/search?q=المدينة');
        await mark(page);
        await page.locator('#lang').selectOption('en');
        await page.locator('main button').click();
        await page.getByRole('heading', { name: 'Search' }).waitFor();
        expect([await page.locator('html').getAttribute('dir'), await isMarked(page)]).toEqual(['ltr', false]);

        await page.route('**/search?*', (route) => (route.request().isNavigationRequest() ? route.continue() : route.abort('aborted')));
        await mark(page);
        await page.locator('#q').fill('city');
        await page.locator('#q').press('Enter');
        await page.waitForURL(/q=city/);
        await page.getByRole('status').waitFor();
        expect(await isMarked(page)).toBe(false);
      });
    });

    it('shows the last of what was asked for, however late an answer comes', async () => {
      await read(WIDE, async (page) => {
        await page.goto('/search');
        let release = (): void => {};
        const held = new Promise<void>((done) => (release = done));
        await page.route(/[?&]year=2026/, async (route) => {
          await held;
          await route.continue().catch(() => {});
        });
        await page.locator('#q').fill('المدينة');
        await page.locator('#year').fill('2026');
        await page.locator('main button').click();
        await page.locator('main[aria-busy]').waitFor();
        await page.locator('#year').fill('');
        await page.locator('main button').click();
        await page.getByRole('status').getByText('النتائج:').waitFor();
        release();
        await page.waitForTimeout(300);
        expect([new URL(page.url()).searchParams.get('year'), await page.locator('#year').inputValue()]).toEqual(['', '']);
      });
    });
  });

  describe('suggestions', () => {
    const fields = [
      ['of the frame', '/'],
      ['of the page of search', '/search'],
    ] as const;

    it.each(fields)('are reached by arrows, followed and closed by keyboard: in the field %s', async (_, path) => {
      await read(WIDE, async (page) => {
        await page.goto(path);
        const field = page.locator('[name=q]');
        const options = page.locator('.suggestions [role=option]');
        const selected = page.locator('.suggestions [aria-selected=true]');
        await field.focus();
        await page.keyboard.type('ا');
        await page.waitForTimeout(400);
        expect([await options.count(), await field.getAttribute('aria-expanded')]).toEqual([0, 'false']);
        await page.keyboard.type('لمد');
        await options.first().waitFor();
        expect(await field.getAttribute('aria-expanded')).toBe('true');
        await page.keyboard.press('ArrowDown');
        expect(await field.getAttribute('aria-activedescendant')).toBe(await options.first().getAttribute('id'));
        await page.keyboard.press('ArrowUp');
        expect([await selected.count(), await field.getAttribute('aria-activedescendant')]).toEqual([0, '']);
        await page.keyboard.press('ArrowUp');
        expect(await selected.textContent()).toBe(await options.last().textContent());
        await page.keyboard.press('Escape');
        expect([await options.count(), await field.inputValue()]).toEqual([0, 'المد']);
        await page.keyboard.type('ي');
        await options.first().waitFor();
        await page.keyboard.press('Tab');
        await options.first().waitFor({ state: 'detached' });
        await page.keyboard.press('Shift+Tab');
        await page.keyboard.press('End');
        await page.keyboard.type('ن');
        const piece = page.locator('[role=option][data-place^="/articles/"]').first();
        await piece.waitFor();
        const title = await piece.textContent();
        while (!(await selected.count()) || (await selected.textContent()) !== title) await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.waitForURL(/\/articles\//);
        expect(await page.locator('h1').textContent()).toBe(title);
      });
    });

    it.each([360, 1280])('are open to everybody while they are shown, and name people and tags as such: %d px', async (width) => {
      for (const [, path] of fields)
        await read({ viewport: { width, height: 740 } }, async (page) => {
          await page.goto(`${path}?lang=en`);
          await page.locator('[name=q]').pressSequentially('ليل');
          const author = page.getByRole('listbox').getByRole('option', { name: 'author' }).first();
          await author.waitFor();
          await page.keyboard.press('ArrowDown');
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          const heights = await page
            .locator('.suggestions [role=option]')
            .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
          const rows = new Set(
            await page.locator('.suggestions [role=option]').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top)),
          );
          expect([path, overflow, Math.min(...heights) >= 44, rows.size, await barriers(page)]).toEqual([
            path,
            0,
            true,
            heights.length,
            [],
          ]);
          await page.emulateMedia({ colorScheme: 'dark' });
          expect([path, await barriers(page, 'color-contrast')]).toEqual([path, []]);
          await author.click();
          await page.waitForURL(/\/authors\//);
        });
    });

    it('are asked for once the reader pauses, and not for what an input method has not written yet; where there are none, one searches', async () => {
      await read(WIDE, async (page) => {
        const asked: string[] = [];
        page.on('request', (request) => {
          const { pathname, searchParams } = new URL(request.url());
          if (pathname.endsWith('/suggest')) asked.push(searchParams.get('q')!);
        });
        await page.goto('/');
        const field = page.locator('[name=q]');
        await field.pressSequentially('المدينة', { delay: 20 });
        await page.locator('.suggestions [role=option]').first().waitFor();
        expect(asked).toEqual(['المدينة']);
        const input = await page.context().newCDPSession(page);
        await input.send('Input.imeSetComposition', { text: ' كيف', selectionStart: 4, selectionEnd: 4 });
        await page.waitForTimeout(400);
        expect(asked).toHaveLength(1);
        await input.send('Input.insertText', { text: ' كيف' });
        await expect.poll(() => asked).toEqual(['المدينة', 'المدينة كيف']);
        await page.route('**/suggest?*', (route) => route.abort('aborted'));
        await field.fill('المدينة');
        await page.waitForTimeout(400);
        expect(await page.locator('.suggestions [role=option]').count()).toBe(0);
        await field.press('Enter');
        await page.getByText('النتائج:').waitFor();
      });
    });
  });

  it('on paper, an article has its text, its revision, its digest and where its state is told, and nothing to press', async () => {
    await read(WIDE, async (page) => {
      await page.goto(pathOf('article'));
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('.colophon').innerText()).toMatch(/طُبعت الصيغة 1\..*http:\/\/127\.0\.0\.1:\d+\/\d+\s.*[\da-f]{64}/s);
      for (const hidden of ['.site-foot', '.sharing', '.contents', 'search', '.sections'])
        expect([hidden, await page.locator(hidden).isVisible()]).toEqual([hidden, false]);
    });
  });
});
