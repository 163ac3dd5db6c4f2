import type { Element, ElementContent, Properties, Root, RootContent } from 'hast';
import { toString } from 'hast-util-to-string';
import rehypeParse from 'rehype-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { cleanLine } from '../text/clean.js';
import { matchKey } from '../text/fold.js';

/** One line of a saved page. */
export interface PageLine {
  /** Cleaned for single-line fields and comparison; never empty. */
  text: string;
  /** The characters as the page has them, white space collapsed as HTML does. */
  original: string;
  /** What goes into the body: text and phrasing elements. */
  content: ElementContent[];
  /** The element it becomes in a body; 'apparatus' is navigation and the like, 'hidden' what readers do not see as text: neither is of the article. */
  kind: 'p' | 'h1' | 'h2' | 'h3' | 'h4' | 'ul' | 'ol' | 'blockquote' | 'apparatus' | 'hidden';
  /** Whether it stood in a table cell. */
  inTable: boolean;
}

/** What a page says about itself beside its text; empty where it says nothing. */
export interface PageMetadata {
  titles: string[];
  authors: string[];
  /** As written, usually ISO 8601. */
  published: string | null;
  publisher: string | null;
  summary: string | null;
  /** Where it stood: what it calls its address, the most lasting first, then where a browser says it saved it from. */
  addresses: string[];
}

/** A saved page taken apart. */
export interface PageContent {
  lines: PageLine[];
  metadata: PageMetadata;
  warnings: string[];
}

export const NO_METADATA: PageMetadata = { titles: [], authors: [], published: null, publisher: null, summary: null, addresses: [] };

/** Whether a page's text is HTML rather than text saved from a browser window. */
export function isMarkup(text: string): boolean {
  const start = text.slice(0, 2048).trimStart();
  if (
    /^(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|div|p|article|main|section|table|h[1-6]|meta)\b/i.test(
      start,
    )
  )
    return true;
  return (text.match(/<\/(?:p|div|span|td|li|h[1-6]|body)\s*>/gi)?.length ?? 0) >= 3;
}

/** What never holds text of a page. */
const UNREAD = new Set('head script style picture'.split(' '));
/** Text that a browser does not show, or shows only as part of a drawing, formula or frame. */
const UNSEEN = new Set('noscript template svg math iframe object embed audio video canvas map noembed noframes'.split(' '));
const APPARATUS = new Set('nav footer aside button select menu'.split(' '));
const WRAPPERS = new Set('a strong em b i u s sub sup bdi cite abbr q code mark'.split(' '));
const BORDERS = new Set(
  (
    'html body p div section article main header footer aside nav address center figure figcaption details summary dl dt dd ' +
    'fieldset legend form h1 h2 h3 h4 h5 h6 ul ol li blockquote pre hr table caption thead tbody tfoot tr td th button select option menu label'
  ).split(' '),
);

const parser = unified().use(rehypeParse);

/**
 * Reads HTML into lines: every block and every line break ends one. Hidden text gives lines of its own and breaks none. Scripts, styles
 * and the head are not text; the head's own statements (Open Graph, JSON-LD, meta description) are returned as metadata.
 * @throws RangeError the markup is nested too deeply for the parser.
 */
export function readMarkup(html: string): PageContent {
  const tree = parser.parse(html);
  const warnings: string[] = [];
  const collector = new LineCollector();
  collector.read(tree.children, { kind: 'p', list: 'ul', wrappers: [], inTable: false, preserve: false });
  collector.endLine();
  if (collector.pictures > 0) warnings.push(`${collector.pictures} pictures were not taken over.`);
  return { lines: collector.lines, metadata: metadataOf(tree, html, warnings), warnings };
}

interface Place {
  kind: PageLine['kind'];
  list: 'ul' | 'ol';
  wrappers: Element[];
  inTable: boolean;
  preserve: boolean;
}

interface Run {
  text: string;
  wrappers: Element[];
}

class LineCollector {
  readonly lines: PageLine[] = [];
  pictures = 0;
  private runs: Run[] = [];
  private place: Place | null = null;

  read(nodes: (RootContent | ElementContent)[], place: Place): void {
    for (const node of nodes) {
      if (node.type === 'text') this.readText(node.value, place);
      else if (node.type === 'element') this.readElement(node, place);
    }
  }

  endLine(): void {
    const original = collapsed(this.runs.map((run) => run.text).join('')).trim();
    const text = cleanLine(original);
    if (this.place !== null && text !== '') {
      this.lines.push({ text, original, content: nested(this.runs, 0), kind: this.place.kind, inTable: this.place.inTable });
    }
    this.runs = [];
    this.place = null;
  }

  private readText(value: string, place: Place): void {
    for (const [index, text] of (place.preserve ? value.split('\n') : [value]).entries()) {
      if (index > 0) this.endLine();
      if (text.trim() !== '') this.place ??= place;
      this.runs.push({ text: collapsed(text), wrappers: place.wrappers });
    }
  }

  private readElement(node: Element, place: Place): void {
    const { tagName } = node;
    if (tagName === 'img' || tagName === 'picture') this.pictures += 1;
    if (UNREAD.has(tagName)) return;
    if (place.kind !== 'hidden' && (UNSEEN.has(tagName) || isHidden(node.properties))) return this.readHidden(node, place);
    if (tagName === 'br') return this.endLine();
    if (WRAPPERS.has(tagName)) {
      const wrapper: Element = { type: 'element', tagName, properties: wrapperProperties(node.properties), children: [] };
      return this.read(node.children, { ...place, wrappers: [...place.wrappers, wrapper] });
    }
    if (!BORDERS.has(tagName)) return this.read(node.content?.children ?? node.children, place);
    this.endLine();
    this.read(node.children, placeIn(tagName, place));
    this.endLine();
  }

  /** Collected apart, so that hidden words inside a paragraph do not part it. */
  private readHidden(node: Element, place: Place): void {
    const hidden = new LineCollector();
    hidden.read([node], { ...place, kind: 'hidden', wrappers: [] });
    hidden.endLine();
    this.lines.push(...hidden.lines);
  }
}

function placeIn(tagName: string, place: Place): Place {
  if (place.kind === 'hidden') return place;
  if (place.kind === 'apparatus' || APPARATUS.has(tagName)) return { ...place, kind: 'apparatus' };
  switch (tagName) {
    case 'h1':
    case 'h2':
    case 'h3':
    case 'h4':
    case 'blockquote':
      return { ...place, kind: tagName };
    case 'h5':
    case 'h6':
      return { ...place, kind: 'h4' };
    case 'ul':
    case 'ol':
      return { ...place, list: tagName };
    case 'li':
      return { ...place, kind: place.list };
    case 'pre':
      return { ...place, preserve: true };
    case 'td':
    case 'th':
      return { ...place, inTable: true };
  }
  return place;
}

function isHidden({ hidden, ariaHidden, style }: Properties): boolean {
  return (hidden !== undefined && hidden !== false) || ariaHidden === 'true' || /display\s*:\s*none/i.test(String(style ?? ''));
}

function wrapperProperties({ href, title, lang, dir }: Properties): Properties {
  return { ...(href ? { href } : {}), ...(title ? { title } : {}), ...(lang ? { lang } : {}), ...(dir ? { dir } : {}) };
}

function collapsed(text: string): string {
  return text.replace(/[ \t\n\f\r]+/g, ' ');
}

/** Runs of text put back into the elements that were open around them; runs of one element stay together. */
function nested(runs: Run[], depth: number): ElementContent[] {
  const content: ElementContent[] = [];
  for (let start = 0; start < runs.length;) {
    const wrapper = runs[start]?.wrappers[depth];
    let end = start + 1;
    while (end < runs.length && runs[end]?.wrappers[depth] === wrapper) end += 1;
    const group = runs.slice(start, end);
    if (wrapper === undefined) content.push({ type: 'text', value: group.map((run) => run.text).join('') });
    else content.push({ ...wrapper, children: nested(group, depth + 1) });
    start = end;
  }
  return content;
}

/** Browsers write where they saved a page from into its first lines. */
const SAVED_FROM = /<!-- saved from url=\(\d+\)(https?:\/\/\S+) -->/;

function metadataOf(tree: Root, html: string, warnings: string[]): PageMetadata {
  const meta = new Map<string, string>();
  const namedAuthors: string[] = [];
  const titles: string[] = [];
  const times: string[] = [];
  const records: Record<string, unknown>[] = [];
  const links = new Map<string, string>();
  visit(tree, 'element', (node) => {
    const { property, name, content, type, dateTime, rel, href } = node.properties;
    if (node.tagName === 'meta' && typeof content === 'string') {
      const label = String(property ?? name ?? '').toLowerCase();
      if (label !== '' && !meta.has(label)) meta.set(label, cleanLine(content));
      if (AUTHOR_LABELS.has(label)) namedAuthors.push(cleanLine(content));
    } else if (node.tagName === 'link' && Array.isArray(rel) && typeof href === 'string') {
      for (const relation of rel) links.set(String(relation).toLowerCase(), href);
    } else if (node.tagName === 'title') titles.push(cleanLine(toString(node)));
    else if (node.tagName === 'time' && typeof dateTime === 'string') times.push(dateTime);
    else if (node.tagName === 'script' && type === 'application/ld+json') records.push(...articleRecords(toString(node), warnings));
  });
  const [record = {}] = records;
  const first = (...values: (string | null | undefined)[]): string | null => values.find((value) => value) ?? null;
  const authors = names(record.author);
  return {
    titles: [...strings(record.headline), meta.get('og:title') ?? '', ...titles].filter((title) => title !== ''),
    authors: distinct((authors.length > 0 ? authors : namedAuthors).flatMap(eachName)),
    published: first(strings(record.datePublished)[0], meta.get('article:published_time'), meta.get('date'), times[0]),
    publisher: first(names(record.publisher)[0], meta.get('og:site_name')),
    summary: first(meta.get('description'), meta.get('og:description'), strings(record.description)[0]),
    addresses: [links.get('canonical'), meta.get('og:url'), links.get('shortlink'), SAVED_FROM.exec(html.slice(0, 2048))?.[1]].filter((url) => url !== undefined), // prettier-ignore
  };
}

/** Metadata repeated once for each author: HTML's own, Highwire Press (Google Scholar) and Dublin Core. */
const AUTHOR_LABELS = new Set(['author', 'citation_author', 'dc.creator']);

/** Not at a Latin comma: it also stands between family name and given name. */
function eachName(value: string): string[] {
  return value
    .split(/[،؛;]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Names that are the same person's, folded, count once. */
function distinct(people: string[]): string[] {
  const keys = people.map(matchKey);
  return people.filter((_, index) => keys.indexOf(keys[index] ?? '') === index);
}

/** The articles in a JSON-LD block: objects with a headline, alone, in a list or under @graph. */
function articleRecords(json: string, warnings: string[]): Record<string, unknown>[] {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    warnings.push('The page has a JSON-LD block that is not valid JSON; it was not read.');
    return [];
  }
  const roots = Array.isArray(data) ? data : [data];
  return roots
    .flatMap((root: unknown) => (isRecord(root) && Array.isArray(root['@graph']) ? root['@graph'] : [root]))
    .filter((item: unknown): item is Record<string, unknown> => isRecord(item) && typeof item.headline === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function strings(value: unknown): string[] {
  return typeof value === 'string' ? [cleanLine(value)].filter((line) => line !== '') : [];
}

/** Names of persons or organisations: JSON-LD allows a string, an object with a name, or a list of either. */
function names(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(names);
  return strings(isRecord(value) ? value.name : value);
}
