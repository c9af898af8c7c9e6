import axe from 'axe-core';

/** The script that a page runs to be judged. */
export const rules = axe.source;
