type Fields = Readonly<Record<string, unknown>>;

/**
 * What an act changed, for the audit log: the fields whose values differ, before and after. Id and version are left out, which every act
 * would list.
 * @param before nothing, for what was just made
 */
export function differences(before: object | null, after: object): { readonly before: Fields; readonly after: Fields } {
  const old = (before ?? {}) as Fields;
  const changed = Object.entries(after).filter(
    ([name, value]) => name !== 'id' && name !== 'version' && JSON.stringify(value) !== JSON.stringify(old[name]),
  );
  return {
    before: before === null ? {} : Object.fromEntries(changed.map(([name]) => [name, old[name]])),
    after: Object.fromEntries(changed),
  };
}
