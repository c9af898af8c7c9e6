// Runs before the build on any Node, also on those too old for what follows: the package `node` brings the right one by
// an install script, which `--ignore-scripts` leaves out.
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
