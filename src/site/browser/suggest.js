// Suggestions while one types what to search for.

const WAIT_MS = 150;
/** What begins with one letter is half of all there is. */
const LETTERS = 2;
/** How many are shown of each kind, in order. @type {[kind: string, shown: number][]} */
const KINDS = [['authors', 2], ['items', 5], ['tags', 2]]; // prettier-ignore

/** @param {Element} element @param {Record<string, string>} attributes */
const set = (element, attributes) => Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));

/** Makes the field a combobox, as the ARIA Authoring Practices have it. @param {HTMLInputElement} field */
function suggestIn(field) {
  const form = /** @type {HTMLFormElement} */ (field.form);
  const label = field.labels?.[0]?.textContent ?? field.ariaLabel ?? '';
  const list = document.createElement('div');
  set(list, { id: 'suggestions', class: 'suggestions', role: 'listbox', 'aria-label': label, hidden: '' });
  set(field, { role: 'combobox', autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-controls': list.id, 'aria-expanded': 'false' });
  field.after(list);
  /** What the arrows have come to. @type {HTMLElement | undefined} */
  let marked;
  let asked = new AbortController();
  let timer = 0;

  /** @param {HTMLElement} [option] none: the field itself */
  function mark(option) {
    marked?.setAttribute('aria-selected', 'false');
    marked = option;
    field.setAttribute('aria-activedescendant', option?.id ?? '');
    option?.setAttribute('aria-selected', 'true');
    option?.scrollIntoView({ block: 'nearest' });
  }

  function forget() {
    clearTimeout(timer);
    asked.abort();
    mark();
  }

  /** @param {HTMLElement[]} options */
  function show(...options) {
    forget();
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    field.setAttribute('aria-expanded', String(!list.hidden));
  }
  const close = () => show();

  /** @param {string} kind @param {any} suggested as the API gives it */
  function optionOf(kind, { id, slug, title, name, lang = '', dir = 'auto' }) {
    const option = document.createElement('div');
    const text = option.appendChild(document.createElement('span'));
    text.textContent = title ?? name;
    set(text, { dir, ...(lang && { lang }) });
    if (kind !== 'items') option.appendChild(document.createElement('small')).textContent = ` ${field.dataset[kind]}`;
    const path = kind === 'items' ? `articles/${id}` : kind;
    const language = new FormData(form).get('lang');
    const place = `/${path}/${encodeURIComponent(slug)}${language ? `?lang=${language}` : ''}`;
    set(option, { id: `${kind}-${id}`, role: 'option', 'aria-selected': 'false', 'data-place': place });
    return option;
  }

  async function ask() {
    const { signal } = (asked = new AbortController());
    try {
      const query = new URLSearchParams({ q: field.value, lang: document.documentElement.lang });
      const found = await (await fetch(`/api/v1/search/suggest?${query}`, { signal })).json();
      if (!signal.aborted) show(...KINDS.flatMap(([kind, shown]) => found[kind].slice(0, shown).map(optionOf.bind(null, kind))));
    } catch {
      // The search itself says what is wrong.
      if (!signal.aborted) close();
    }
  }

  /** @param {Event} event */
  function typed(event) {
    if (event instanceof InputEvent && event.isComposing) return;
    forget();
    if ([...field.value.trim()].length < LETTERS) close();
    else timer = setTimeout(ask, WAIT_MS);
  }

  /** @param {HTMLElement} option */
  function follow(option) {
    close();
    location.assign(String(option.dataset['place']));
  }

  field.addEventListener('input', typed);
  field.addEventListener('compositionend', typed);
  field.addEventListener('blur', close);
  form.addEventListener('submit', close);
  field.addEventListener('keydown', (event) => {
    if (event.isComposing || list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const places = [undefined, .../** @type {NodeListOf<HTMLElement>} */ (list.childNodes)];
    if (step !== undefined) mark(places.at((places.indexOf(marked) + step) % places.length));
    else if (event.key === 'Enter' && marked !== undefined) follow(marked);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  });
  // The field keeps the keyboard.
  list.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', ({ target }) => {
    const option = target instanceof Element && /** @type {HTMLElement | null} */ (target.closest('[role=option]'));
    if (option) follow(option);
  });
}

const suggest = () => document.querySelectorAll('input[name=q]').forEach((field) => suggestIn(/** @type {HTMLInputElement} */ (field)));
suggest();
// `search.js` has put others in place.
addEventListener('results', suggest);
