// Light or dark, decided before the first paint: as the system has it, or as the writer chose.
// A classic script in the head on purpose: a module would run too late.
(() => {
  const STORED = 'ownhand.theme';
  const CHOICES = ['system', 'light', 'dark'];
  const system = matchMedia('(prefers-color-scheme: dark)');
  const ICONS = {
    system: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 1.5v9a4.5 4.5 0 0 1 0-9Z',
    light: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M13 3l-1.4 1.4M4.4 11.6 3 13',
    dark: 'M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z',
  };

  function choice() {
    try {
      const stored = localStorage.getItem(STORED);
      return CHOICES.includes(stored) ? stored : 'system';
    } catch {
      return 'system'; // storage is forbidden: the choice lasts as long as the page
    }
  }

  let chosen = choice();

  function apply() {
    const dark = chosen === 'dark' || (chosen === 'system' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    // Gradio's own components look at this class; Gradio sets it by the system alone.
    if (document.body && document.body.classList.contains('dark') !== dark) {
      document.body.classList.toggle('dark', dark);
    }
  }

  function choose(next) {
    chosen = next;
    try {
      localStorage.setItem(STORED, next);
    } catch {
      // see choice()
    }
    apply();
  }

  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    svg.dataset.icon = name;
    return svg;
  }

  function label(button) {
    const words = { system: 'as the system', light: 'light', dark: 'dark' };
    button.replaceChildren(icon(chosen));
    button.title = `Light or dark: ${words[chosen]}`;
    button.setAttribute('aria-label', button.title);
  }

  function startSwitch() {
    apply();
    new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ['class'] });
    const button = document.querySelector('[data-theme-switch]');
    label(button);
    button.hidden = false;
    button.addEventListener('click', () => {
      choose(CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length]);
      label(button);
    });
  }

  system.addEventListener('change', apply);
  addEventListener('storage', (event) => {
    if (event.key === STORED) {
      chosen = choice();
      apply();
      label(document.querySelector('[data-theme-switch]'));
    }
  });
  apply();
  document.addEventListener('DOMContentLoaded', startSwitch);
})();
