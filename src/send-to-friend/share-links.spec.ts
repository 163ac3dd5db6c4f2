import { shareLinks } from './share-links.js';

const url = 'https://center.example/articles/12/%D9%85';

describe('the links to pass a piece on', () => {
  it('have the title on a line of its own and the address on the next', () => {
    const title = `م & "م"?(1)`;
    const encoded = '%D9%85%20%26%20%22%D9%85%22%3F%281%29';
    const address = 'https%3A%2F%2Fcenter.example%2Farticles%2F12%2F%25D9%2585';
    expect(shareLinks({ title, lang: 'ar', url, mail: true })).toEqual({
      title,
      text: `${title}\n`,
      url,
      lang: 'ar',
      dir: 'rtl',
      mailto: `mailto:?subject=${encoded}&body=${encoded}%0D%0A${address}%0D%0A`,
      whatsapp: `https://wa.me/?text=${encoded}%0A${address}`,
      telegram: `https://t.me/share/url?url=${address}&text=${encoded}`,
      x: `https://x.com/intent/post?text=${encoded}%0A&url=${address}`,
      facebook: `https://www.facebook.com/sharer/sharer.php?u=${address}`,
      mail: true,
    });
  });

  it('give a title that begins in the other script its mark, everywhere but where the piece’s own title is asked for', () => {
    const { title, text, mailto, whatsapp, telegram, x } = shareLinks({ title: 'GPU في البحث', lang: 'ar', url, mail: false });
    const marked = '\u200FGPU في البحث';
    expect([title, text]).toEqual(['GPU في البحث', `${marked}\n`]);
    expect(new URL(mailto).searchParams.get('subject')).toBe(marked);
    expect(new URL(mailto).searchParams.get('body')).toBe(`${marked}\r\n${url}\r\n`);
    expect(new URL(whatsapp).searchParams.get('text')).toBe(`${marked}\n${url}`);
    expect(new URL(telegram).searchParams.get('text')).toBe(marked);
    expect(new URL(x).searchParams.get('text')).toBe(`${marked}\n`);
    expect(shareLinks({ title: 'ماء: a study', lang: 'en', url, mail: false }).text).toBe('\u200Eماء: a study\n');
  });
});
