/** The commands that read settings. */
export const commands = ['api', 'worker', 'migrate', 'dev', 'account'] as const;
export type Command = (typeof commands)[number];
/** What a process was given; a name without a value counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;
