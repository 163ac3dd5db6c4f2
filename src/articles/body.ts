import type { Element, ElementContent, Properties, Root, RootContent, Text } from 'hast';
import { toString } from 'hast-util-to-string';
import rehypeParse from 'rehype-parse';
import rehypeSanitize, { type Options as SanitizeSchema } from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import type { MediaKind } from '../media/media.entity.js';
import { DOCUMENT_NAME, mediaPath, renditionsOf, shownRendition } from '../media/renditions.js';
import { cleanLine, cleanText } from '../text/clean.js';
import { LANGS, type Lang } from '../text/language.js';
import { absoluteLink } from '../text/link.js';
import { countWords, readingMinutes } from '../text/reading.js';
import { foldSlug, slugify } from '../text/slug.js';
import type { Phrase } from '../text/wording.js';

/** An article's text as it is stored: safe HTML and everything that is derived from it. */
export interface Body {
  /** Safe HTML in canonical form; cleaning it again changes nothing. */
  html: string;
  /** The headings in reading order; `id` is the anchor written into `html`, `level` is 2, 3 or 4. */
  contents: { id: string; level: number; text: string }[];
  /** Plain text: one line per paragraph, heading, list item or table cell, joined with \n; a line break inside one is a \n as well. */
  text: string;
  words: number;
  readingMinutes: number;
  /** What it shows and links to, each once. */
  media: NamedMedia[];
}

/** A picture that a body shows, or a document it links to. */
export interface NamedMedia {
  readonly id: number;
  readonly place: 'figure' | 'link';
}

/** What there is to say of a medium in a body; sizes in pixels, null for documents. */
interface MediaInBody {
  readonly kind: MediaKind;
  readonly width: number | null;
  readonly height: number | null;
  /** For where the editor gives none; '' where there is none. */
  readonly alt: string;
  /** Printed under it. */
  readonly credit: Phrase | null;
}

/** By id, what a body may show and link to. */
export type BodyMedia = ReadonlyMap<number, MediaInBody>;

const NO_MEDIA: BodyMedia = new Map();

/** A body that cannot be stored; callers answer 422. The message is a sentence for the editor. */
export class BodyRefused extends Error {
  constructor(
    readonly reason: 'too_large' | 'too_deep' | 'unstable' | 'too_many_media',
    message: string,
  ) {
    super(message);
    this.name = 'BodyRefused';
  }
}

/** UTF-8 bytes. Parsing blocks the event loop: 100 KB took about 0.1 s, 1 MB 0.6 to 2.7 s (measured, Node 20, one core). */
const MAX_BYTES = 200 * 1024;

/** Levels of nested elements. Real articles stay below 20; recursive transforms overflow the stack at a few thousand. */
const MAX_DEPTH = 100;

/** Figures and links to documents in one body: each figure is stored as some 800 bytes of markup. */
const MAX_MEDIA = 100;

/** Where a picture is wider than the column of text, a browser need not fetch more than that; `auto` where it knows better itself. */
const SIZES = 'auto, (min-width: 42rem) 42rem, 100vw';

/** Elements whose content is never text of the article, so they go with everything inside. */
const REMOVED_WITH_CONTENT = (
  'script style template noscript iframe object embed svg math xmp noembed noframes plaintext ' +
  'textarea title select option button form input head audio video canvas'
).split(' ');

/** Phrasing elements an article may use. `span` stays only where it carries a language or direction. */
const INLINE = new Set('a strong em b i u s sub sup br bdi cite abbr q code mark span'.split(' '));

/** Phrasing elements that say nothing new inside themselves; `a` inside `a` would not even survive parsing. */
const NOT_IN_ITSELF = new Set('a strong em b i u s code mark'.split(' '));

const BLOCKS = new Set('p h2 h3 h4 blockquote ul ol li hr table caption thead tbody tr th td pre figure'.split(' '));

/** Elements that only mark a border between blocks; without them `<div>a</div><div>b</div>` would become the one word "ab". */
const CONTAINERS = (
  'div section article main header footer aside nav address center figcaption details summary ' +
  'dl dt dd fieldset legend hgroup tfoot listing menu dir'
).split(' ');

/** h1 is the page's own; levels below h4 are not offered in a table of contents. */
const RENAMED: Readonly<Record<string, string>> = { h1: 'h2', h5: 'h4', h6: 'h4', strike: 's', del: 's' };

const HEADING = /^h[2-4]$/;
const SMALL_SPAN = /^(?:[1-9]|[1-4]\d)$/;
const DIGITS = /^\d+$/;
const LIST_START = /^(?:0|[1-9]\d{0,3})$/;

const SCHEMA: SanitizeSchema = {
  tagNames: [...INLINE, ...BLOCKS, ...CONTAINERS, ...Object.keys(RENAMED), 'img'],
  attributes: {
    '*': [
      ['lang', ...LANGS],
      ['dir', 'ltr', 'rtl', 'auto'],
    ],
    a: ['href', ['dataMedia', DIGITS]],
    figure: [['dataMedia', DIGITS]],
    img: ['alt', ['dataMedia', DIGITS]],
    abbr: ['title'],
    ol: [['start', LIST_START]],
    td: [
      ['colSpan', SMALL_SPAN],
      ['rowSpan', SMALL_SPAN],
    ],
    th: [
      ['colSpan', SMALL_SPAN],
      ['rowSpan', SMALL_SPAN],
      ['scope', 'col', 'row', 'colgroup', 'rowgroup'],
    ],
  },
  protocols: { href: ['http', 'https', 'mailto'] },
  strip: REMOVED_WITH_CONTENT,
  clobber: [],
  clobberPrefix: '',
  required: {},
  allowComments: false,
  allowDoctypes: false,
};

const parser = unified().use(rehypeParse, { fragment: true });
const sanitizer = unified().use(rehypeSanitize, SCHEMA);
const printer = unified().use(rehypeStringify, { characterReferences: { useNamedReferences: true } });

/**
 * Makes an article's HTML safe and canonical, and derives its contents, plain text and reading time.
 *
 * Kept: p, h2–h4 (h1 becomes h2, h5 and h6 become h4), blockquote, ul, ol, li, table parts, pre, hr and the phrasing elements
 * a, strong, em, b, i, u, s, sub, sup, br, bdi, cite, abbr, q, code, mark, span (with lang or dir). Attributes kept: absolute
 * http, https and mailto links without credentials, lang (ar, en, fr), dir, title of abbr, start, colspan, rowspan, scope.
 * Everything else loses its tags; scripts, styles, forms, embedded documents and foreign markup go with their content.
 * Bare text becomes paragraphs; empty paragraphs, headings and list items go. Links get no `rel`: without `target` it has no effect.
 *
 * Pictures and documents are named by number, never by address: `<figure data-media="7">`, `<img data-media="7">`, `<a data-media="9">`.
 * Addresses, sizes and the credit are written here, of what `media` says; of the editor's markup only the alternative text and the caption stay.
 *
 * @param source HTML, up to 200 KB of UTF-8. The result may be larger: "&" is stored as "&amp;".
 * @param lang language of the text, for the reading speed.
 * @param media what may be shown and linked to; what is named beside it goes, as foreign pictures do
 * @param origin base of this center's addresses: a link to its `/media/` goes too, because only a number says that the file is used
 * @throws BodyRefused too large, nested deeper than 100 elements, with more than 100 figures and documents, or without a stable form.
 * @throws UncleanText the text contains NUL, a lone surrogate, a noncharacter, a control character or more than 30 combining marks in a row.
 */
export function cleanBody(source: string, lang: Lang, media: BodyMedia = NO_MEDIA, origin: string | null = null): Body {
  // One pass is not enough: markup the parser repairs in memory can parse differently once written out (265 of 80,000 fuzzed fragments).
  refuseLarge(source);
  const first = cleanOnce(source, media, origin);
  const second = cleanOnce(first.html, media, origin);
  if (second.html !== first.html && cleanOnce(second.html, media, origin).html !== second.html) {
    throw new BodyRefused('unstable', 'The markup of the text changes each time it is read; paste it again as plain text.');
  }
  // Once more, because marks on both sides of a tag are one run here.
  const text = cleanText(blockTexts(second.tree.children).join('\n'));
  const words = countWords(text);
  return {
    html: second.html,
    contents: contentsOf(second.tree),
    text,
    words,
    readingMinutes: readingMinutes(words, lang),
    media: namedIn(second.tree),
  };
}

/**
 * The pictures and documents that a source names by number, whether there are such or not; a number too large for an id is 0.
 * @throws as {@link cleanBody}
 */
export function mediaOf(source: string): readonly NamedMedia[] {
  refuseLarge(source);
  // Most texts name none, and parsing takes its time.
  return /data-media/i.test(source) ? few(namedIn(sanitized(source, () => undefined))) : [];
}

/**
 * A stored body whose pictures and documents are fetched elsewhere.
 * @param html as {@link cleanBody} gave it @param base what is put before their `/media/…`
 */
export function withMediaBase(html: string, base: string): string {
  // Text holds no "<" and no attribute a quotation mark, so tags and attributes can be told by pattern.
  return html.replace(/<(?:img|source|a) (?:"[^"]*"|[^">])*>/g, (tag) =>
    tag.replace(/ (src|srcset|href)="(\/media\/[^"]*)"/g, (_, name: string, addresses: string) => {
      const moved = addresses.split(', ').map((address) => base + address);
      return ` ${name}="${moved.join(', ')}"`;
    }),
  );
}

function refuseLarge(source: string): void {
  if (Buffer.byteLength(source) > MAX_BYTES) {
    throw new BodyRefused('too_large', `The text is larger than ${MAX_BYTES / 1024} KB.`);
  }
}

function cleanOnce(source: string, media: BodyMedia, origin: string | null): { html: string; tree: Root } {
  const safe = sanitized(source, (parsed) => canonicalAttributes(parsed, media, origin));
  const tree: Root = { type: 'root', children: spaced(flow(framed(elementContent(safe.children), null), {})) };
  few(namedIn(tree, false));
  setHeadingIds(tree);
  completeFigures(tree, media);
  return { html: printer.stringify(tree), tree };
}

/** @param prepare what is done to the markup before the allow-list sees it @throws BodyRefused */
function sanitized(source: string, prepare: (parsed: Root) => void): Root {
  try {
    const parsed = parser.parse(cleanText(source));
    refuseDeep(parsed);
    prepare(parsed);
    return sanitizer.runSync(parsed) as Root;
  } catch (error) {
    // The parser's own recursion overflows on a few thousand nested elements, before any depth can be counted.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

function tooDeep(): BodyRefused {
  return new BodyRefused('too_deep', `The markup of the text is nested deeper than ${MAX_DEPTH} elements.`);
}

function refuseDeep(root: Root): void {
  let level: (Root | RootContent)[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooDeep();
    level = level.flatMap((node) => ('children' in node ? node.children.filter((child) => child.type === 'element') : []));
  }
}

/** Brings attribute values into the one form that the allow-list then accepts or drops, and takes out credits, which are written anew. */
function canonicalAttributes(root: Root, media: BodyMedia, origin: string | null): void {
  visit(root, 'element', (node, index, parent) => {
    if (node.tagName === 'small' && 'dataCredit' in node.properties) {
      parent!.children.splice(index!, 1);
      return index;
    }
    const { lang, dir, href, title, alt } = node.properties;
    const kind = node.tagName === 'a' ? 'document' : 'picture';
    const id = numberOf(node);
    const known = id !== null && media.get(id)?.kind === kind;
    node.properties.dataMedia = known ? String(id) : undefined;
    if (typeof lang === 'string')
      node.properties.lang = lang
        .trim()
        .toLowerCase()
        .replace(/[-_].*$/s, '');
    if (typeof dir === 'string') node.properties.dir = dir.trim().toLowerCase();
    // In an attribute "<" and ">" are legal, but programs that look for tags by pattern take them for markup.
    if (node.tagName === 'abbr' && typeof title === 'string') node.properties.title = /[<>]/.test(title) ? undefined : cleanLine(title);
    // The same holds for an alternative text; but that is a sentence, and stays one.
    if (node.tagName === 'img' && typeof alt === 'string') node.properties.alt = attributeText(cleanLine(alt));
    if (node.tagName === 'a') node.properties.href = known ? mediaPath(id, DOCUMENT_NAME) : foreignLink(href, origin);
    return undefined;
  });
}

function foreignLink(href: Properties[string], origin: string | null): string | undefined {
  const link = typeof href === 'string' ? absoluteLink(href, ['http:', 'https:', 'mailto:']) : null;
  return link === null || (origin !== null && link.startsWith(`${origin}/media/`)) ? undefined : link;
}

function attributeText(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›');
}

const MAX_ID = 2_147_483_647;

/** The number an element names: null for none, 0 for one that no id can be. */
function numberOf(node: Element): number | null {
  const { dataMedia } = node.properties;
  if (typeof dataMedia !== 'string' || !DIGITS.test(dataMedia)) return null;
  const id = Number(dataMedia);
  return id <= MAX_ID ? id : 0;
}

/** @throws BodyRefused */
function few(named: NamedMedia[]): NamedMedia[] {
  if (named.length > MAX_MEDIA) {
    throw new BodyRefused('too_many_media', `The text shows more than ${MAX_MEDIA} pictures and documents.`);
  }
  return named;
}

/** @param once whether what stands there several times counts once */
function namedIn(root: Root, once = true): NamedMedia[] {
  const named: NamedMedia[] = [];
  const seen = new Set<string>();
  visit(root, 'element', (node) => {
    const id = numberOf(node);
    if (id === null) return;
    const place = node.tagName === 'a' ? 'link' : 'figure';
    if (!once || !seen.has(`${place} ${id}`)) named.push({ id, place });
    seen.add(`${place} ${id}`);
  });
  return named;
}

/**
 * Lets every picture stand in a figure, which takes number and alternative text over from its image; so an image outside becomes a figure of its
 * own. What is left of images shows nothing known, and goes.
 */
function framed(nodes: ElementContent[], frame: Element | null): ElementContent[] {
  return nodes.flatMap((node): ElementContent[] => {
    if (node.type !== 'element') return [node];
    if (node.tagName !== 'img') {
      node.children = framed(node.children, node.tagName === 'figure' ? node : frame);
      return [node];
    }
    const { dataMedia = frame?.properties.dataMedia, alt = '' }: Properties = node.properties;
    if (dataMedia === undefined) return [];
    if (frame === null || frame.properties.alt !== undefined || (frame.properties.dataMedia ?? dataMedia) !== dataMedia)
      return node.properties.dataMedia === undefined ? [] : [element('figure', { ...node.properties, alt }, [])];
    Object.assign(frame.properties, { dataMedia, alt });
    return [];
  });
}

/** Text direction and language of a wrapper that is taken away, handed on to the blocks it held. */
type Inherited = Pick<Properties, 'lang' | 'dir'>;

function inheritedFrom(node: Element, inherited: Inherited): Inherited {
  const { lang = inherited.lang, dir = inherited.dir } = node.properties;
  return { ...(lang === undefined ? {} : { lang }), ...(dir === undefined ? {} : { dir }) };
}

/** A sequence of blocks: runs of phrasing become paragraphs, wrappers disappear. */
function flow(nodes: ElementContent[], inherited: Inherited): Element[] {
  const blocks: Element[] = [];
  let run: ElementContent[] = [];
  const closeRun = (): void => {
    const line = trimmed(phrasing(run, []));
    if (!isBlank(line)) blocks.push(element('p', { ...inherited }, line));
    run = [];
  };
  for (const node of nodes) {
    if (isPhrasing(node)) {
      run.push(node);
      continue;
    }
    closeRun();
    if (node.type === 'element') blocks.push(...block(node, inherited));
  }
  closeRun();
  return blocks;
}

/** What one element that is not phrasing becomes: usually one block, none when empty, several when it was only a wrapper. */
function block(node: Element, inherited: Inherited): Element[] {
  const tagName = RENAMED[node.tagName] ?? node.tagName;
  const children = node.children;
  const properties = { ...inherited, ...node.properties };
  switch (tagName) {
    case 'h2':
    case 'h3':
    case 'h4':
      return unlessBlank(element(tagName, properties, trimmed(phrasing(children, ['br']))));
    case 'pre':
      return unlessBlank(element('pre', properties, withoutFirstNewlines(phrasing(children, ['pre']))));
    case 'p':
      if (!children.every(isPhrasing)) break;
      return unlessBlank(element('p', properties, trimmed(phrasing(children, []))));
    case 'hr':
      return [element('hr', {}, [])];
    case 'blockquote':
      return unlessEmpty(element('blockquote', properties, flow(children, {})));
    case 'ul':
    case 'ol':
      return unlessEmpty(element(tagName, properties, listItems(children)));
    case 'table':
      return table(node, properties, inherited);
    case 'figure':
      if (node.properties.dataMedia === undefined) break;
      return figure(node, inheritedFrom(node, inherited));
  }
  return flow(children, inheritedFrom(node, inherited));
}

/** A picture and its caption; what else stood there follows. */
function figure({ properties, children }: Element, inherited: Inherited): Element[] {
  const { dataMedia, alt = '' }: Properties = properties;
  const caption = children.find((child) => child.type === 'element' && child.tagName === 'figcaption') as Element | undefined;
  const text = caption && element('figcaption', { ...caption.properties }, trimmed(phrasing(caption.children, ['br'])));
  const parts = [element('img', { alt }, []), ...(text ? unlessBlank(text) : [])];
  return [
    element('figure', { ...inherited, dataMedia }, parts),
    ...flow(
      children.filter((child) => child !== caption),
      inherited,
    ),
  ];
}

/** Writes into every figure where its picture is fetched from, in every width, and whose work it is. */
function completeFigures(root: Root, media: BodyMedia): void {
  visit(root, 'element', (node) => {
    if (node.tagName !== 'figure') return;
    const id = numberOf(node)!;
    const { width, height, alt, credit } = media.get(id)!;
    const size = { width: width!, height: height! };
    const renditions = renditionsOf(size);
    const sources = [...new Set(renditions.map(({ type }) => type))].map((type) => {
      const ofType = renditions.filter((rendition) => rendition.type === type);
      const srcSet = ofType.map((rendition) => `${mediaPath(id, rendition.name)} ${rendition.width}w`).join(', ');
      return element('source', { type, srcSet, sizes: SIZES }, []);
    });
    const [image, caption] = node.children as [Element, Element | undefined];
    const src = mediaPath(id, shownRendition(renditions).name);
    const shown = element('img', { src, alt: image.properties.alt || attributeText(alt), ...size, loading: 'lazy' }, []);
    const words = caption?.children ?? [];
    const signed = credit && element('small', { dataCredit: '', lang: credit.lang, dir: credit.dir }, [textNode(credit.text)]);
    const line = signed ? [...words, ...(words.length > 0 ? [SPACE] : []), signed] : words;
    node.children = [
      element('picture', {}, [...sources, shown]),
      ...(line.length > 0 ? [element('figcaption', { ...caption?.properties }, line)] : []),
    ];
  });
}

function textNode(value: string): Text {
  return { type: 'text', value: textValue(value) };
}

function unlessBlank(node: Element): Element[] {
  return isBlank(node.children) ? [] : [node];
}

function unlessEmpty(node: Element): Element[] {
  return node.children.length === 0 ? [] : [node];
}

/** Items of a list. A list placed between items, as word processors write it, goes into the item before. */
function listItems(nodes: ElementContent[]): Element[] {
  const items: { properties: Properties; nodes: ElementContent[] }[] = [];
  for (const node of nodes) {
    const previous = items.at(-1);
    if (node.type === 'element' && node.tagName === 'li') items.push({ properties: { ...node.properties }, nodes: [...node.children] });
    else if (previous && node.type === 'element' && (node.tagName === 'ul' || node.tagName === 'ol')) previous.nodes.push(node);
    else if (!isBlank([node])) items.push({ properties: {}, nodes: [node] });
  }
  return items.map((item) => element('li', item.properties, itemContent(item.nodes))).filter((item) => !isBlank(item.children));
}

/** Content of a list item or table cell: one bare line, or blocks. */
function itemContent(nodes: ElementContent[]): ElementContent[] {
  return nodes.every(isPhrasing) ? trimmed(phrasing(nodes, [])) : flow(nodes, {});
}

/** A table as caption, one head and one body; what stood in it outside any cell comes before it. */
function table(node: Element, properties: Properties, inherited: Inherited): Element[] {
  const captions: Element[] = [];
  const head: Element[] = [];
  const body: Element[] = [];
  const stray: ElementContent[] = [];
  const sort = (children: ElementContent[], rows: Element[]): void => {
    for (const child of children) {
      if (child.type !== 'element') stray.push(child);
      else if (child.tagName === 'tr') rows.push(...unlessEmpty(row(child, stray)));
      else if (child.tagName === 'thead') sort(child.children, head);
      else if (child.tagName === 'tbody' || child.tagName === 'tfoot') sort(child.children, body);
      else if (child.tagName === 'caption' && captions.length === 0) {
        captions.push(...unlessBlank(element('caption', { ...child.properties }, trimmed(phrasing(child.children, ['br'])))));
      } else stray.push(child);
    }
  };
  sort(node.children, body);
  if (head.length + body.length === 0) return flow([...stray, ...captions.flatMap((caption) => caption.children)], inherited);
  const parts = [...captions, ...unlessEmpty(element('thead', {}, head)), ...unlessEmpty(element('tbody', {}, body))];
  return [...flow(stray, inherited), element('table', properties, parts)];
}

function row(node: Element, stray: ElementContent[]): Element {
  const cells: Element[] = [];
  for (const child of node.children) {
    if (child.type === 'element' && (child.tagName === 'td' || child.tagName === 'th')) {
      cells.push(element(child.tagName, { ...child.properties }, itemContent(child.children)));
    } else stray.push(child);
  }
  return element('tr', { ...node.properties }, cells);
}

/** Whether it is text, or an element within lines that holds nothing else. */
export function isPhrasing(node: ElementContent): boolean {
  if (node.type !== 'element') return true;
  return INLINE.has(RENAMED[node.tagName] ?? node.tagName) && node.children.every(isPhrasing);
}

/**
 * Phrasing content with nested repetitions, empty elements and blocks unwrapped.
 * `open` names the elements around it: 'pre' keeps white space, 'br' (in headings and captions) turns line breaks into spaces.
 */
function phrasing(nodes: ElementContent[], open: string[]): ElementContent[] {
  const content = nodes.flatMap((node): ElementContent[] => {
    if (node.type === 'text') return [textNode(node.value)];
    if (node.type !== 'element') return [];
    const tagName = RENAMED[node.tagName] ?? node.tagName;
    if (tagName === 'br') return open.includes('br') ? [SPACE] : [element('br', {}, [])];
    const children = phrasing(node.children, [...open, tagName]);
    if (!INLINE.has(tagName)) return [SPACE, ...children, SPACE];
    if (isBlank(children) || isMeaningless(tagName, node.properties) || (NOT_IN_ITSELF.has(tagName) && open.includes(tagName)))
      return children;
    return [element(tagName, { ...node.properties }, children)];
  });
  return joinedText(content, open.includes('pre'));
}

const SPACE: Text = { type: 'text', value: ' ' };

function isMeaningless(tagName: string, { lang, dir, href }: Properties): boolean {
  return (tagName === 'span' && lang === undefined && dir === undefined) || (tagName === 'a' && href === undefined);
}

/** Text with its characters checked again, since character references are decoded only by the parser. */
function textValue(value: string): string {
  // Under NFC U+0338 joins the ">" of the tag before it into "≯" and so breaks the stored markup.
  return cleanText(value).replace(/^\u0338+/u, '');
}

function joinedText(nodes: ElementContent[], preserve: boolean): ElementContent[] {
  const joined: ElementContent[] = [];
  for (const node of nodes) {
    const last = joined.at(-1);
    if (node.type === 'text' && last?.type === 'text') joined[joined.length - 1] = { type: 'text', value: last.value + node.value };
    else joined.push(node);
  }
  return joined
    .map((node) => (node.type === 'text' && !preserve ? { ...node, value: node.value.replace(/[ \t\n\f\r]+/g, ' ') } : node))
    .filter((node) => node.type !== 'text' || node.value !== '');
}

/** The same line without white space and line breaks at its two ends. */
function trimmed(nodes: ElementContent[]): ElementContent[] {
  return trimmedEnd(trimmedEnd(nodes, 'start'), 'end');
}

function trimmedEnd(nodes: ElementContent[], side: 'start' | 'end'): ElementContent[] {
  const line = [...nodes];
  for (;;) {
    const outer = line.at(side === 'start' ? 0 : -1);
    if (outer === undefined) return line;
    const value = outer.type === 'text' ? (side === 'start' ? outer.value.trimStart() : outer.value.trimEnd()) : '';
    if (outer.type !== 'text' && !isBreak(outer)) return line;
    if (side === 'start') line.shift();
    else line.pop();
    if (value === '') continue;
    if (side === 'start') line.unshift({ type: 'text', value });
    else line.push({ type: 'text', value });
    return line;
  }
}

/** The HTML parser drops one newline after `<pre>`, so each reading would lose another one. */
function withoutFirstNewlines(nodes: ElementContent[]): ElementContent[] {
  const [first, ...rest] = nodes;
  return first?.type === 'text' ? joinedText([{ type: 'text', value: first.value.replace(/^\n+/, '') }, ...rest], true) : nodes;
}

function isBreak(node: ElementContent): boolean {
  return node.type === 'element' && node.tagName === 'br';
}

/** Nothing a reader could see: white space, line breaks, invisible marks. */
function isBlank(nodes: ElementContent[]): boolean {
  return nodes.every((node) => {
    if (node.type === 'text') return /^[\s\p{Cf}]*$/u.test(node.value);
    if (node.type !== 'element') return true;
    return isBreak(node) || (node.tagName !== 'hr' && node.tagName !== 'figure' && isBlank(node.children));
  });
}

function element(tagName: string, properties: Properties, children: ElementContent[]): Element {
  return { type: 'element', tagName, properties, children };
}

function elementContent(nodes: RootContent[]): ElementContent[] {
  return nodes.filter((node) => node.type !== 'doctype');
}

/** Top-level blocks on lines of their own, so that two revisions can be compared line by line. */
function spaced(blocks: Element[]): RootContent[] {
  return blocks.flatMap((node, index): RootContent[] => (index === 0 ? [node] : [{ type: 'text', value: '\n' }, node]));
}

/** Ids depend on the headings' words alone, so that a link to a heading survives every other change to the text. */
function setHeadingIds(root: Root): void {
  const counts = new Map<string, number>();
  visit(root, 'element', (node) => {
    if (!HEADING.test(node.tagName)) return;
    const base = `h-${foldSlug(slugify(headingText(node), 'section'))}`;
    let count = (counts.get(base) ?? 0) + 1;
    let id = count === 1 ? base : `${base}-${count}`;
    // A heading may read "a 2" itself.
    while (count > 1 && counts.has(id)) id = `${base}-${(count += 1)}`;
    counts.set(base, count);
    if (id !== base) counts.set(id, 1);
    node.properties.id = id;
  });
}

/** Cleaned before anything normalises it, because marks on both sides of a tag are one run here. */
function headingText(heading: Element): string {
  return cleanLine(toString(heading));
}

function contentsOf(root: Root): Body['contents'] {
  const contents: Body['contents'] = [];
  visit(root, 'element', (node) => {
    if (HEADING.test(node.tagName)) {
      contents.push({ id: String(node.properties.id), level: Number(node.tagName.slice(1)), text: headingText(node) });
    }
  });
  return contents;
}

function blockTexts(nodes: RootContent[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type !== 'element') return [];
    const hasBlocks = node.children.some((child) => child.type === 'element' && BLOCKS.has(child.tagName));
    if (hasBlocks) return blockTexts(node.children);
    const text = lineText(node.children)
      .replace(/[ \t]+/g, ' ')
      .trim();
    return text === '' ? [] : [text];
  });
}

function lineText(nodes: ElementContent[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'text') return node.value;
      // The credit is the picture's, not the text's.
      if (node.type !== 'element' || node.tagName === 'small') return '';
      return isBreak(node) ? '\n' : lineText(node.children);
    })
    .join('');
}
