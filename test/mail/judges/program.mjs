import { caniemail } from 'caniemail';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { simpleParser } from 'mailparser';

const validator = new HtmlValidate(
  new StaticConfigLoader({
    extends: ['html-validate:recommended'],
    rules: {
      'doctype-style': ['error', { style: 'lowercase' }],
      // The older name of the same role, which older screen readers know.
      'presentation-role-style': 'off',
      // Programs for mails are older than the standard by which these three judge: Outlook lays out by tables, attributes and
      // conditional comments, and Gmail keeps inline styles only.
      'no-conditional-comment': 'off',
      'no-deprecated-attr': 'off',
      'no-inline-style': 'off',
      // The element means nothing to many of them; the role is kept.
      'prefer-native-element': ['error', { exclude: ['article'] }],
    },
  }),
);

/** What html-validate finds, one in a line. */
export async function faultsOf(html) {
  const { results } = await validator.validateString(html);
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`));
}

/** What these programs do not support of the HTML, by caniemail.com: the titles of the features. */
export function unsupported(html, clients) {
  const { issues } = caniemail({ clients, html });
  return new Set([...issues.errors.values()].flatMap((errors) => errors.map(({ title }) => title)));
}

/** The parts of a message, as mailparser reads it. */
export async function read(message) {
  const { subject, html, text, headers, attachments } = await simpleParser(message, {
    skipTextToHtml: true,
    keepCidLinks: true,
  });
  return { subject, html, text, language: headers.get('content-language'), attachments };
}
