/** Milliseconds. */
export const aMoment = 250;

/**
 * For work after a mail that nobody waits for. Done immediately, it would take the processor from the mail that leaves next,
 * which then would tell that there was a mail before it: see docs/decisions/held-places.md. A process that ends does not
 * wait for it.
 */
export function aMomentLater(work: () => unknown): void {
  setTimeout(() => void work(), aMoment).unref();
}
