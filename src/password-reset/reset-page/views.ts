import { pieces } from './wording.js';

export type ViewName =
  | 'checking'
  | 'unchecked'
  | 'new-password'
  | 'completed'
  | 'invalid-key'
  | 'request'
  | 'requested';

let leaving = new AbortController();

/**
 * Shows a view in place of the one before and moves the focus to its heading, so that screen readers read it.
 *
 * @param fill puts the view's texts in before anything of it is seen or heard.
 * @returns a signal that aborts when the view is left: late answers and timers must then do nothing.
 * @throws Error if page.html has no such view.
 */
export function show(name: ViewName, fill: () => void = () => undefined): AbortSignal {
  leaving.abort();
  leaving = new AbortController();
  announce('');
  const main = part('main');
  main.replaceChildren(document.importNode(part(`view-${name}`, HTMLTemplateElement).content, true));
  fill();
  const heading = main.querySelector('h1');
  document.title = `${heading?.textContent ?? ''} – ${part('product').textContent ?? ''}`;
  heading?.focus();
  return leaving.signal;
}

/** @throws Error if page.html has no such element */
export function part(id: string): HTMLElement;
export function part<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind;
export function part(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`page.html has no ${kind.name} "${id}"`);
  return element;
}

/** Puts a text into an element of the view, with elements among its values. */
export function tell(id: string, key: string, values: Readonly<Record<string, string | HTMLElement>> = {}): void {
  part(id).replaceChildren(...pieces(key, values));
}

/** An address, which stands out of the text around it and keeps its own direction. */
export function address(id: string, text: string): HTMLElement {
  return Object.assign(document.createElement('bdi'), { id, className: 'address', textContent: text });
}

/** Makes screen readers read the text; the view shows the same text. */
export function announce(text: string): void {
  part('status').textContent = text;
}

/** Milliseconds without a key stroke until screen readers read the feedback; after each key would be too often. */
const typingPause = 1000;

/** Calls back when the person stops typing, and makes screen readers read what it returns. */
export function afterPause(
  field: HTMLInputElement,
  left: AbortSignal,
  feedback: () => string | null | undefined,
): void {
  let pause: ReturnType<typeof setTimeout> | undefined;
  left.addEventListener('abort', () => clearTimeout(pause));
  field.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      const text = feedback();
      if (text) announce(text.replace(/\s+/g, ' ').trim());
    }, typingPause);
  });
}

/** Shows the errors at a field and moves the focus there; without texts, removes the errors. */
export function markFaulty(field: HTMLInputElement, texts: readonly string[]): void {
  const error = part(`${field.id}-error`);
  error.replaceChildren(...texts.map(paragraph));
  error.hidden = texts.length === 0;
  if (texts.length > 0) {
    field.setAttribute('aria-invalid', 'true');
    field.focus();
    // If the field has the focus already, focusing it makes screen readers read nothing.
    announce(texts.join(' '));
  } else {
    field.removeAttribute('aria-invalid');
  }
}

/** Whether the server's settings have an address for this link. */
export function leadsSomewhere(id: string): boolean {
  return part(id, HTMLAnchorElement).getAttribute('href') !== '';
}

/** Calls back at each submit of the form, and keeps the browser from sending it. */
export function onSubmit(callback: () => void): void {
  part('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    callback();
  });
}

function paragraph(text: string): HTMLParagraphElement {
  return Object.assign(document.createElement('p'), { textContent: text });
}
