/** What a client accepts, with its weight from 0 to 1 and its place in the header. */
export interface Accepted {
  readonly name: string;
  readonly quality: number;
  readonly place: number;
}

/** The members of an `Accept…` header in lower case (RFC 9110, 12.4.2); a weight that cannot be read counts as 1. */
export function acceptedIn(header: string): Accepted[] {
  return header.split(',').map((member, place) => {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.map((parameter) => /^q=(\d(?:\.\d{0,3})?)$/.exec(parameter)?.[1]).find(Boolean);
    return { name, quality: quality === undefined ? 1 : Number(quality), place };
  });
}
