import { expect, test } from '@jest/globals'
import { regionHost, regionHosts } from '../../src/genesys/regions.ts'
import { loadSdk } from '../../src/genesys/sdk.ts'

test('the region table is the one of the SDK', () => {
  expect(regionHosts).toEqual(loadSdk().PureCloudRegionHosts)
})

test('a region is found by its key and by its host', () => {
  expect(regionHost('ap_southeast_1')).toBe('apse1.pure.cloud')
  expect(regionHost('apse1.pure.cloud')).toBe('apse1.pure.cloud')
  expect(regionHost('toString')).toBeUndefined()
})
