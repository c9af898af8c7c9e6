import { betterAuth } from './better-auth/original.js';
import { devise } from './devise/original.js';
import { django } from './django/original.js';
import { knex } from './knex/original.js';
import { laravel } from './laravel/original.js';
import { loopback } from './loopback/original.js';
import type { Original } from './original.js';
import { supabase } from './supabase/original.js';
import { vendure } from './vendure/original.js';

export const originals: readonly Original[] = [loopback, knex, betterAuth, devise, laravel, django, supabase, vendure];
