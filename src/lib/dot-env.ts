import { errorCode } from './error-code.ts'

/** The environment of a program, with what `.env` in the working directory adds; variables of the process win. */
export function readEnvironment(program: Pick<NodeJS.Process, 'loadEnvFile' | 'env'>): NodeJS.ProcessEnv {
  try {
    program.loadEnvFile()
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  return program.env
}
