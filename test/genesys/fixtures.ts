import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../fixtures/genesys/', import.meta.url)

/** The integration that all fixtures but `misrouted` belong to. */
export const integrationId = '5f0c2a3e-1b7d-4c55-9d2e-6a1f0b8c7d90'

/** The customer of all fixtures. */
export const user = 'U0123456789abcdef0123456789abcdef'

/** A webhook body as received, by the name of its file. */
export const fixtureBytes = (name: string): Buffer => readFileSync(new URL(`${name}.json`, folder))

/** All names, so that no fixture stays without an expectation. */
export const fixtureNames = (): string[] => readdirSync(folder).map((file) => file.replace(/\.json$/, ''))
