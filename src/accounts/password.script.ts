/**
 * What /desk/password does in the browser. It is sent as its own source text, so it uses nothing from outside itself; written as a function
 * it is checked like all other code. The page brings all words.
 */
function sendPassword(): void {
  const form = document.querySelector('form')!;
  const [password, again] = form.querySelectorAll('input');
  const refusal = document.getElementById('refusal')!;
  const token = location.hash.slice(1);

  const show = (id: string): void => {
    for (const part of document.querySelectorAll<HTMLElement>('[data-part]')) part.hidden = part.id !== id;
  };
  const refuse = (words: string): void => {
    refusal.textContent = words;
    refusal.hidden = false;
  };
  const send = async (): Promise<void> => {
    const { lang } = document.documentElement;
    const answer = await fetch(`/api/v1/passwords?lang=${lang}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token, password: password!.value }),
    });
    if (answer.ok) {
      // The link is used up: nothing of it stays in the history.
      history.replaceState(null, '', location.pathname + location.search);
      show('done');
      return;
    }
    const { detail, errors } = (await answer.json()) as { detail: string; errors: { message: string }[] };
    refuse(errors[0]?.message ?? detail);
  };

  // The other language of the same page needs the token too.
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a')) link.hash = location.hash;
  show(token === '' ? 'no-token' : 'ask');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    refusal.hidden = true;
    if (password!.value !== again!.value) {
      refuse(form.dataset['differ']!);
      return;
    }
    const button = form.querySelector('button')!;
    button.disabled = true;
    void send()
      .catch(() => refuse(form.dataset['unreachable']!))
      .finally(() => (button.disabled = false));
  });
}

export const PASSWORD_SCRIPT = `(${sendPassword.toString()})();\n`;
