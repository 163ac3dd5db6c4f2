import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { oldAddress } from '../articles/old-address.js';
import type { ClaimedAddress } from '../articles/old-addresses.service.js';
import { Problem } from '../http/problem.js';
import { PageImportService, type PageImport, type PageImportOptions, type PageOutcome } from '../import/page-import.service.js';
import { PageRefused } from '../import/page-reader.js';
import { withApplication } from './application.js';
import { UsageError, sentenceOf, type Command } from './command.js';

export const importPages: Command = {
  usage: 'import page FILE… [--section SLUG] [--address URL] [--apply [--publish]]',
  summary: 'Imports pages saved from an old site as text or HTML.',
  help: `Without --apply no content is changed (only the schema is brought up to date, as by any start): the report says what was found in each file, how surely, and what was left out.

  --apply          makes a draft of each page, and a draft poll of the question it asks; a page imported before is skipped
  --publish        publishes them too, with their original dates
  --section SLUG   where they go; without it the section "archive", made when first needed
  --address URL    where the page stood on the old site, of one file; what a page says of it itself is found without it.
                   Readers who come to that path are led to the piece.

The report goes to standard error; the last line of standard output counts files: {"created":n,"updated":n,"skipped":n,"refused":n}
Exit code: 0 all done, 1 some refused, 2 wrong use.
`,
  options: { section: { type: 'string' }, address: { type: 'string' }, apply: { type: 'boolean' }, publish: { type: 'boolean' } },
  async run(values, files) {
    if (files.length === 0) throw new UsageError('Name at least one file.');
    if (values['publish'] && !values['apply']) throw new UsageError('--publish goes with --apply.');
    const { address } = values;
    if (typeof address === 'string' && files.length > 1) throw new UsageError('--address is of one file.');
    if (typeof address === 'string' && oldAddress(address) === null)
      throw new UsageError('--address has to lead to one page of the old site.');
    const options: PageImportOptions = {
      section: typeof values['section'] === 'string' ? values['section'].normalize('NFC') : null,
      apply: values['apply'] === true,
      publish: values['publish'] === true,
      ...(typeof address === 'string' && { address }),
    };
    return withApplication(report, (app) => importAll(app.get(PageImportService), files, options));
  },
};

async function importAll(importer: PageImportService, files: readonly string[], options: PageImportOptions): Promise<number> {
  if (options.section !== null && !(await importer.hasSection(options.section)))
    throw new UsageError('There is no section with this slug.');
  const counts: Record<PageOutcome | 'refused', number> = { created: 0, updated: 0, skipped: 0, refused: 0 };
  const seen = new Set<string>();
  for (const file of files) counts[await importOne(importer, file, options, seen)] += 1;
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  return counts.refused > 0 ? 1 : 0;
}

/** @param seen hashes of this run's pages: a dry run does not find them in the database */
async function importOne(
  importer: PageImportService,
  file: string,
  options: PageImportOptions,
  seen: Set<string>,
): Promise<PageOutcome | 'refused'> {
  report(`\n${file}`);
  try {
    const imported = await importer.import(basename(file), readFileSync(file), options);
    const outcome = seen.has(imported.page.hash) ? 'skipped' : imported.outcome;
    seen.add(imported.page.hash);
    for (const line of describe({ ...imported, outcome }, options)) report(`  ${line}`);
    return outcome;
  } catch (error) {
    const why = reasonOf(error);
    if (why === null) throw error;
    report(`  refused: ${why}`);
    return 'refused';
  }
}

/** @returns the sentence for a refusal of this one file, or null when something is wrong with more than the file */
function reasonOf(error: unknown): string | null {
  if (error instanceof PageRefused) return error.message;
  if (error instanceof Problem) return sentenceOf(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === undefined || code === undefined ? null : `the file cannot be read (${code})`;
}

function describe({ page, summary, outcome, article, poll, addresses, obstacle }: PageImport, { apply }: PageImportOptions): string[] {
  const field = (name: string, found: { value: string; confidence: string; why: string } | null): string =>
    found === null ? `${name}: none found` : `${name}: ${found.value}\n      ${found.confidence}: ${found.why}`;
  const { original, publishedAt } = page.dateline.value;
  return [
    field('title', page.title),
    ...(page.authors.length === 0 ? [field('author', null)] : page.authors.map((author) => field('author', author))),
    field('dateline', { ...page.dateline, value: `${original || '(none printed)'} = ${publishedAt.toISOString()}` }),
    field('publisher', page.publisher),
    `summary: ${summary.text}${summary.derived ? '\n      derived: the first sentences of the first paragraph' : ''}`,
    `body: ${page.paragraphs} paragraphs, ${page.headings} headings (language ${page.lang}, encoding ${page.encoding})`,
    `poll question: ${page.pollQuestion ?? 'none found'}${page.pollQuestion !== null && outcome === 'created' ? draftOf(poll) : ''}`,
    ...(addresses.length === 0 ? ['old address: none found'] : addresses.map(({ address }) => `old address: ${address}`)),
    ...page.masthead.map((line) => `masthead: ${line}`),
    ...page.leftOut.map(({ line, why }) => `left out: ${line}\n      ${why}`),
    ...addresses.flatMap(warningOf),
    ...page.warnings.map((warning) => `warning: ${warning}`),
    ...(obstacle === null ? [] : [`warning: it could not be published as it is. ${sentenceOf(obstacle)}`]),
    `${apply ? outcome : `would be ${outcome}`}${article === null ? '' : ` (article ${article.id}, ${article.slug})`}`,
  ];
}

function warningOf({ address, takenBy, covered }: ClaimedAddress): string[] {
  if (takenBy !== null) return [`warning: ${address} leads to article ${takenBy} already, and was left to it.`];
  return covered ? [`warning: nobody is led on from ${address}: a page of this center has that address.`] : [];
}

/** @param poll null in a dry run */
function draftOf(poll: PageImport['poll']): string {
  return `\n      ${poll === null ? 'would be a draft poll' : `draft poll ${poll.id}`} on the article’s page; its options are added at the desk`;
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
