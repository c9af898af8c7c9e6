/** The commands that read settings. */
export const commands = ['api', 'worker', 'migrate', 'dev', 'account'] as const;
export type Command = (typeof commands)[number];
/** The environment variables of a process; an empty value counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;
