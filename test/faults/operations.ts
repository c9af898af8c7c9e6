/** The operations of a client, with their weights in the random choice. */
export const operations = {
  request: 14,
  requestForNobody: 3,
  inspect: 12,
  resetFresh: 10,
  resetSideBySide: 4,
  refusedPassword: 3,
  resetUsed: 4,
  guessAfterReset: 2,
  signIn: 10,
  signInOld: 5,
  me: 14,
  change: 5,
  signOut: 1,
  forged: 2,
  renewal: 2,
} as const;
export type Operation = keyof typeof operations;

/** What the app does to its accounts, with the weights in the random choice. */
export const appOperations = {
  appSignsIn: 4,
  appSavesWhatItRead: 3,
  appChangesPassword: 3,
  appMoves: 3,
  appSuspends: 3,
  appForcesReset: 1,
  appMakesAnew: 2,
  appRestores: 2,
  appTouches: 6,
  appAddsHash: 2,
} as const;
export type AppOperation = keyof typeof appOperations;
