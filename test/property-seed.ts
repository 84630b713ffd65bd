import fc from 'fast-check'

// The same commit gets the same verdict everywhere; FAULTLINE_PROPERTY_SEED=… npm test looks elsewhere.
fc.configureGlobal({ seed: Number(process.env.FAULTLINE_PROPERTY_SEED ?? 1) })
