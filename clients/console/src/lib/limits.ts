/** How long the texts of requests may be, in characters, by their paths: what forms hold and error texts tell. */
export const maxLengths = {
  "product.sku": 64,
  "product.name": 200,
  "product.brand": 100,
  "product.description": 10_000,
  "product.image_urls[]": 2_000,
  "product.tags[]": 120,
  "admin.email": 254,
  "admin.name": 100,
  "api_key.name": 100,
  password: 128,
  "passkey.name": 100,
  recoveryCode: 64,
  query: 256,
  brandQuery: 100,
} as const;

/** An attribute's name and value have a limit each. */
export const maxAttributeName = 64;
export const maxAttributeValue = 500;

/** How many items lists and maps of requests may have. */
export const maxItems = {
  "product.image_urls": 20,
  "product.tags": 50,
  "product.attributes": 50,
} as const;

export const minPasswordLength = 12;
