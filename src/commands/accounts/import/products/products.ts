import type { Fields } from '../records/record.js';
import { isExportOf, WrongForm } from '../records/wrong-form.js';
import { auth0 } from './auth0.js';
import { cognito } from './cognito.js';
import { type FirebaseParameters, firebase } from './firebase.js';
import { keycloak } from './keycloak.js';
import { type Product, type ProductName, productNames } from './product.js';
import { supabase } from './supabase.js';

export function productOf(name: ProductName, parameters?: FirebaseParameters): Product {
  const made = { auth0: () => auth0, firebase: () => firebase(parameters), keycloak: () => keycloak };
  const others = { cognito: () => cognito, supabase: () => supabase() };
  return { ...made, ...others }[name]();
}

/**
 * Compares the first account of a file with what was said of it, before any is added.
 *
 * @throws WrongForm when it is the export of another product, or of none.
 */
export function expectProduct(first: Fields, said: Product | undefined): void {
  const keys = Object.keys(first);
  if (said ? isMarked(said, keys) : keys.includes('hash')) return;
  const other = markedBy(keys);
  if (other) throw isExportOf(other);
  if (said)
    throw new WrongForm(`the file is no export of ${said.title}: its first user has no ${said.marks.join(', ')}`);
}

/** The product whose users have one of these keys. */
export function markedBy(keys: readonly string[]): Product | undefined {
  return productNames.map((name) => productOf(name)).find((product) => isMarked(product, keys));
}

function isMarked({ marks }: Product, keys: readonly string[]): boolean {
  return marks.some((key) => keys.includes(key));
}
