import type { Source } from './source.js';
import { artha } from './sources/artha.js';
import { asvs } from './sources/asvs.js';
import { faults } from './sources/faults.js';
import { graphql } from './sources/graphql.js';
import { incidents } from './sources/incidents.js';
import { nist } from './sources/nist.js';
import { requirements } from './sources/requirements.js';

/** In the order of the page. */
export const sources: readonly Source[] = [requirements, incidents, graphql, faults, asvs, nist, artha];
