import { shownId } from '../report.js';
import type { Rehearsal } from './rehearse.js';

/** A rehearsal as an operator reads it. */
export function rehearsalReport({ table, account, faults, forbidden, triggers, changes }: Rehearsal): string {
  const isHeldUp = !changes && triggers.length > 0;
  const counts = (changes?.tables ?? []).map(({ table: name, inserted, updated, deleted }) => {
    const parts = [count(inserted, 'added'), count(updated, 'changed'), count(deleted, 'deleted')];
    return `${name}: ${parts.filter((each) => each !== '').join(', ')}`;
  });
  const lines = [
    `table      ${table}`,
    ...(account === null ? [] : [`account    ${shownId(account, false)}`]),
    ...triggers.map((each) => `trigger    ${each.trigger} of ${each.table} calls ${each.calls}`),
    ...faults.map(({ key, fault }) => `to mend    "${key}" ${fault}`),
    ...forbidden.map((each) => `to grant   ${each}`),
    ...counts.map((each) => `changes    ${each}`),
    ...(changes?.columns ? [`columns    ${changes.columns.join(', ')}`] : []),
    changes
      ? 'A reset works here; it was rolled back, and nothing has changed.'
      : isHeldUp
        ? 'Not rehearsed: a rollback does not undo what these triggers may do; --with-triggers runs them.'
        : 'A reset does not work here; nothing has changed.',
  ];
  return `${lines.join('\n')}\n`;
}

const count = (rows: number, what: string) => (rows === 0 ? '' : `${rows} ${rows === 1 ? 'row' : 'rows'} ${what}`);
