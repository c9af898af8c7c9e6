import { compileMailTemplates } from './mail/compile-templates.js';
import { packageFolder, templatesFolder } from './resources.js';

/** The last step of `npm run build`. */
await compileMailTemplates(`${packageFolder}templates`, templatesFolder);
