export function withoutLinks(text: string): string {
  return text.replaceAll(/\S*[./:@]\S*/g, '');
}
