import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { ServedFile } from '../media/media-files.js';

/** A file that pages load. Its name holds the hash of its content, so nothing ever changes under its address. */
export interface Asset {
  readonly name: string;
  /** From the root of the site. */
  readonly path: string;
  readonly plain: ServedFile;
  /** The same, smaller, for whoever takes it so; null for what is compressed as it is. */
  readonly gzipped: ServedFile | null;
}

const require = createRequire(import.meta.url);

/** The letters of the site: Arabic ones, and with them digits and what else its file holds. */
export const TYPEFACE = asset(
  'woff2',
  'font/woff2',
  readFileSync(require.resolve('@fontsource-variable/markazi-text/files/markazi-text-arabic-wght-normal.woff2')),
  false,
);

/** The one stylesheet, without what is in it for its authors. */
export const STYLESHEET = asset(
  'css',
  'text/css; charset=utf-8',
  Buffer.from(
    readFileSync(new URL('site.css', import.meta.url), 'utf8')
      .replaceAll(/\/\*.*?\*\//gs, '')
      .replaceAll(/^\s+/gm, '')
      .replaceAll('typeface.woff2', TYPEFACE.name),
  ),
  true,
);

/** What stands for the site in tabs and bookmarks: two squares turned against each other, as they are in tiles. */
export const ICON = asset('svg', 'image/svg+xml', readFileSync(new URL('icon.svg', import.meta.url)), true);

/** What one of the scripts runs beside the page. */
const WORK = script('work');

/** What `browser/` holds, served as it is written but for its comments: no page needs any of it. */
export const SCRIPTS = {
  views: script('views'),
  search: script('search'),
  suggest: script('suggest'),
  workForm: script('work-form', { work: WORK.name }),
} as const;

/** By name. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  [TYPEFACE, STYLESHEET, ICON, WORK, ...Object.values(SCRIPTS)].map((each) => [each.name, each]),
);

/** @param uses the other scripts that it names, by the names they are served under */
function script(name: string, uses: Readonly<Record<string, string>> = {}): Asset {
  const written = readFileSync(new URL(`browser/${name}.js`, import.meta.url), 'utf8');
  const bare = written.replaceAll(/^ *\/\*\*\n.*?\*\/\n/gms, '').replaceAll(/^ *(?:\/\/.*|\/\*\*.*\*\/)\n/gm, '');
  const named = Object.entries(uses).reduce((text, [used, file]) => text.replaceAll(`'./${used}.js'`, `'./${file}'`), bare);
  return asset('js', 'text/javascript; charset=utf-8', Buffer.from(named), true);
}

function asset(extension: string, type: string, bytes: Buffer, compress: boolean): Asset {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 20);
  const name = `${hash}.${extension}`;
  return {
    name,
    path: `/assets/${name}`,
    plain: served(type, bytes, hash),
    gzipped: compress ? served(type, gzipSync(bytes, { level: 9 }), `${hash}-gzip`) : null,
  };
}

function served(type: string, bytes: Buffer, tag: string): ServedFile {
  return { type, bytes: bytes.length, etag: `"${tag}"`, attachment: null, open: () => Promise.resolve(Readable.from([bytes])) };
}
