/** What a service runs until something else is deployed. */
export const FIRST_VERSION = 'v1'
