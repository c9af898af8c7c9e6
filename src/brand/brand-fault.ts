/** What is wrong with a part of the brand, in words for an operator. */
export class BrandFault extends Error {}
