import type { Adoption } from './adopt.js';
import type { Finding } from './survey/addresses.js';

const width = 11;

/** A result as an operator reads it: ids and reasons, no hash; addresses where they were asked for. */
export function report(adoption: Adoption, showAddresses: boolean): string {
  const { framework, because, accounts, survey, lookUps, advice, faults, grants } = adoption;
  const how = framework === 'plain' ? '' : ` (${framework}, by ${because.join(', ')})`;
  const share = survey.active === survey.rows ? 'all' : `${survey.active}`;
  const lines = [
    ...part('table', [`${accounts.table}${how}`]),
    ...part('accounts', [`${survey.rows}; ${share} may recover${accounts.active ? `: ${accounts.active}` : ''}`]),
    ...part(
      'hashes',
      survey.kinds.map(({ name, rows, isRead }) => `${rows}  ${name}${isRead ? '' : ' (not verified here)'}`),
    ),
    ...part(
      'to look at',
      survey.findings.map((each) => `${each.count}  ${each.reason}: ${listed(each, showAddresses)}`),
    ),
    ...part(
      'look-ups',
      lookUps.map(
        ({ key, index, make }) =>
          `${key}: ${index ? `index ${index}` : `no index serves it${make ? `; ${make}` : ''}`}`,
      ),
    ),
    ...part('advice', advice),
    ...part(
      'to mend',
      faults.map(({ key, fault }) => `"${key}" ${fault}`),
    ),
  ];
  const rights = [
    '-- Rights on the tables of the app, for their owner to grant, after `latchkey migrate grants`, which makes the roles:',
    ...grants,
  ];
  return `${[...lines, '', ...rights].join('\n')}\n`;
}

function part(name: string, lines: readonly string[]): string[] {
  return lines.map((line, at) => `${(at === 0 ? name : '').padEnd(width)}${line}`);
}

function listed({ count, first }: Finding, showAddresses: boolean): string {
  const rows = first.map(({ ids, address }) => {
    const names = ids.map((id) => shownId(id, showAddresses)).join(' and ');
    return showAddresses && address !== null ? `${names} (${JSON.stringify(address)})` : names;
  });
  return `${rows.join(', ')}${count > first.length ? ', …' : ''}`;
}

/** An id may be any text: also an address, or what a terminal obeys. */
export function shownId(id: string, showAddresses: boolean): string {
  if (id.includes('@') && !showAddresses) return '(an id that is an address)';
  return /^[\w.:-]+$/.test(id) ? id : JSON.stringify(id);
}

/** A result for programs. */
export function asJson(adoption: Adoption, file: string | null, showAddresses: boolean): string {
  const findings = adoption.survey.findings.map((each) => ({
    ...each,
    first: each.first.map(({ ids, address }) => ({
      ids: ids.map((id) => (id.includes('@') && !showAddresses ? null : id)),
      ...(showAddresses ? { address } : {}),
    })),
  }));
  return `${JSON.stringify({ ...adoption, survey: { ...adoption.survey, findings }, file })}\n`;
}
