// Runs before the build, also on a Node that is too old for it. The package `node` installs the right version by an
// install script, which `--ignore-scripts` leaves out.
'use strict';

const least = /(\d+)\.(\d+)/.exec(require('../package.json').engines.node);
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < Number(least[1]) || (major === Number(least[1]) && minor < Number(least[2]))) {
  process.stderr.write(
    `Latchkey needs Node ${least[0]} or newer, this is ${process.versions.node}.\n` +
      'npm brings the right one unless install scripts are off (--ignore-scripts, or ignore-scripts=true in an .npmrc).\n' +
      'Run `npm rebuild node --ignore-scripts=false`, or install that Node yourself, and start again.\n',
  );
  process.exit(1);
}
