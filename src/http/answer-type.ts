import { type Accepted, acceptedIn } from './accepted.js';

/** In our order of preference, for a client that states none. */
const answerTypes = ['application/json', 'application/graphql-response+json'] as const;
export type AnswerType = (typeof answerTypes)[number];

interface Fit extends Accepted {
  readonly type: AnswerType;
  /** How exactly the client named the type: 2 in full, 1 as `application/*`, 0 as any type. */
  readonly closeness: number;
}

/**
 * The media type for the answer, by the `Accept` header (RFC 9110, 12.5.1); undefined when the client accepts none of
 * ours. It is chosen before the operation runs: Apollo Server chooses afterwards, so it would answer 406 after it has
 * changed a password. Parameters of a media type are ignored (`application/json; charset=utf-8`); `negotiator` 1.1.0
 * does not match such a range.
 */
export function chooseAnswerType(accept: string | undefined): AnswerType | undefined {
  const ranges = acceptedIn(accept || '*/*');
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
