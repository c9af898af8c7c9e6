/** Domains that many addresses have, and some that look like one of these and are right. */
const known = [
  'gmail.com',
  'googlemail.com',
  'ymail.com',
  'email.com',
  'mail.com',
  'yahoo.com',
  'hotmail.com',
  'outlook.com',
  'icloud.com',
  'protonmail.com',
  't-online.de',
  'orange.fr',
  'libero.it',
  'naver.com',
];

/** The same address at a well-known domain, if the typed one is a slip away from it: `alice@gmial.com`. */
export function suggestionFor(address: string): string | undefined {
  const [, name, typed = ''] = /^\s*(.+)@(.+?)\s*$/.exec(address.toLowerCase()) ?? [];
  const meant = known.includes(typed) ? undefined : known.find((domain) => isOneSlipAway(typed, domain));
  return meant && `${name}@${meant}`;
}

/** One sign is missing, too many, wrong, or changed places with the next. */
function isOneSlipAway(one: string, other: string): boolean {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const [left, right] = [one.slice(same), other.slice(same)];
  const isSwapped = left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2);
  return left.slice(1) === right.slice(1) || left === right.slice(1) || left.slice(1) === right || isSwapped;
}
