/** In the order of preference where a client has none. */
const answerTypes = ['application/json', 'application/graphql-response+json'] as const;
export type AnswerType = (typeof answerTypes)[number];

interface Fit {
  readonly type: AnswerType;
  readonly quality: number;
  /** How closely the client named it: 2 in full, 1 `application/*`, 0 any. */
  readonly closeness: number;
  readonly place: number;
}

/**
 * The media type that a client wants its answer in (RFC 9110, 12.5.1); undefined when it takes none of ours. Chosen
 * before the operation runs: Apollo Server chooses afterwards, and would answer 406 to a password that it has changed.
 * Parameters of ours count as given (`application/json; charset=utf-8`); `negotiator` 1.1.0 finds no match for them.
 */
export function chooseAnswerType(accept: string | undefined): AnswerType | undefined {
  const ranges = (accept || '*/*').split(',').map((range, place) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.map((parameter) => /^q=(\d(?:\.\d{0,3})?)$/.exec(parameter)?.[1]).find(Boolean);
    return { name, quality: quality === undefined ? 1 : Number(quality), place };
  });
  const fits = answerTypes.flatMap((type) => {
    const [closest] = ranges
      .map((range): Fit => ({ ...range, type, closeness: ['*/*', 'application/*', type].indexOf(range.name) }))
      .filter(({ closeness }) => closeness >= 0)
      .sort((one, other) => other.closeness - one.closeness);
    return closest && closest.quality > 0 ? [closest] : [];
  });
  const [best] = fits.sort(
    (one, other) => other.quality - one.quality || other.closeness - one.closeness || one.place - other.place,
  );
  return best?.type;
}
