/** The widths pictures are served in; a narrower picture also in its own. Nobody can ask for another one. */
const WIDTHS = [320, 640, 960, 1280, 1920] as const;

/** Best first, as browsers are to choose. */
const FORMATS = [
  { extension: 'avif', type: 'image/avif' },
  { extension: 'webp', type: 'image/webp' },
] as const;

/** A file that is made of a picture. */
export interface Rendition {
  /** `640.webp`: the last part of its address, and its name in storage. */
  readonly name: string;
  readonly type: (typeof FORMATS)[number]['type'];
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * Every rendition of a picture, by format and then from narrow to wide: never wider than it is. They follow from its size alone, so a body can
 * name them before they are made.
 */
export function renditionsOf({ width, height }: { readonly width: number; readonly height: number }): readonly Rendition[] {
  const widest = Math.min(width, WIDTHS.at(-1)!);
  const widths = [...WIDTHS.filter((each) => each < widest), widest];
  return FORMATS.flatMap(({ extension, type }) =>
    widths.map((each) => ({ name: `${each}.${extension}`, type, width: each, height: Math.max(1, Math.round((height * each) / width)) })),
  );
}

/** What stands where one address has to do: the widest WebP of at most 960 pixels. Every picture has one. */
export function shownRendition<Of extends Pick<Rendition, 'type' | 'width'>>(renditions: readonly Of[]): Of {
  return renditions.filter(({ type, width }) => type === 'image/webp' && width <= 960).at(-1)!;
}

/** What a document is served as. */
export const DOCUMENT_NAME = 'document.pdf';

/** Where a file of the media is served to readers, from the root of the center's site. */
export function mediaPath(id: number, name: string): string {
  return `/media/${id}/${name}`;
}
